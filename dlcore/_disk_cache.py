"""Small results that are slow to make, kept on disk from one process to the next. It imports nothing of the project.

Each is a JSON file with a checksum before it, in `kept/` of the cache folder (`dlcore/_folders.py`), under a name made
of its kind, its key and the compiled core it was made with: another build, another key or a damaged file count as
nothing kept. Files are replaced in one step; the oldest go when all together exceed LIMIT bytes.
DLCORE_CACHE=0 switches it off, both ways. What cannot be written is not kept, and nothing is said.
"""

from __future__ import annotations

import hashlib
import json
import os
import tempfile
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from ._folders import cache_dir

LIMIT = 8 << 20


def load(kind: str, key: Any) -> Any:
    """What `store` kept under this kind and key (both as JSON would write them), or None."""
    path = _path(kind, key)
    if path is None:
        return None
    try:
        checksum, _, text = path.read_text(encoding="utf-8").partition("\n")
        if hashlib.sha256(text.encode()).hexdigest() != checksum:
            return None
        kept = json.loads(text)
    except (OSError, ValueError):
        return None
    return kept["value"] if isinstance(kept, dict) and kept.get("key") == _plain(key) else None


def store(kind: str, key: Any, value: Any) -> None:
    """Keep `value`, anything JSON can hold, for later processes."""
    path = _path(kind, key)
    if path is None:
        return
    text = json.dumps({"key": _plain(key), "value": value})
    checked = f"{hashlib.sha256(text.encode()).hexdigest()}\n{text}".encode()
    if len(checked) > LIMIT:
        return
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        number, name = tempfile.mkstemp(dir=path.parent, prefix=".new-")
        try:
            with os.fdopen(number, "wb") as stream:
                stream.write(checked)
            os.replace(name, path)
        except BaseException:
            Path(name).unlink(missing_ok=True)
            raise
        _trim(path)
    except OSError:
        return


def _path(kind: str, key: Any) -> Path | None:
    if os.environ.get("DLCORE_CACHE") == "0":
        return None
    name = hashlib.sha256(json.dumps([kind, key, library()], sort_keys=True).encode()).hexdigest()[:32]
    return cache_dir("kept", f"{kind}-{name}.json")


def _plain(key: Any) -> Any:
    return json.loads(json.dumps(key))


@cache
def library() -> str:
    """A hash of the compiled core, which changes with every build."""
    spec = find_spec("dlcore._core")
    if spec is None or spec.origin is None:
        return ""
    with open(spec.origin, "rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest() if hasattr(hashlib, "file_digest") else _digest(stream)


def _digest(stream: Any) -> str:
    found = hashlib.sha256()
    while block := stream.read(1 << 20):
        found.update(block)
    return found.hexdigest()


def _trim(newest: Path) -> None:
    """Take the oldest files away until the rest is within the limit."""
    known = []
    for path in newest.parent.glob("*.json"):
        try:
            about = path.stat()
        except OSError:  # another process was quicker
            continue
        known.append((about.st_mtime_ns, about.st_size, path))
    total = sum(size for _, size, _ in known)
    for _, size, path in sorted(known, key=lambda entry: entry[0]):
        if total <= LIMIT:
            break
        if path != newest:
            path.unlink(missing_ok=True)
            total -= size

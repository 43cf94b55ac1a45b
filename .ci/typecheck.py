"""Run mypy over the product under the names it has once installed.

On disk kernel_ext/ and widgets/ lie beside dlcore/, installed they lie in it. mypy knows nothing of that, so it is
given a folder of links, build/typing/dlcore, that looks like the installed package.
"""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
VIEW = ROOT / "build" / "typing"


def make_view() -> None:
    package = VIEW / "dlcore"
    package.mkdir(parents=True, exist_ok=True)
    for link in package.iterdir():
        link.unlink()
    sources = [p for p in (ROOT / "dlcore").iterdir() if p.suffix in (".py", ".pyi") or (p / "__init__.py").exists()]
    for source in [*sources, ROOT / "kernel_ext", ROOT / "widgets"]:
        (package / source.name).symlink_to(source, target_is_directory=source.is_dir())
    stub = package / "_core.pyi"
    if not stub.exists():  # the compiled module has no types of its own
        stub.write_text("from typing import Any\n\ndef __getattr__(name: str) -> Any: ...\n")


def main() -> int:
    make_view()
    command = [sys.executable, "-m", "mypy", "--config-file", str(ROOT / "pyproject.toml"), "--num-workers=auto"]
    command += ["-p", "dlcore"]
    done = subprocess.run(command, cwd=VIEW, stdout=subprocess.PIPE, text=True)
    for line in done.stdout.splitlines():
        for folder in ("kernel_ext", "widgets"):
            line = line.replace(f"dlcore/{folder}/", f"{folder}/", 1) if line.startswith(f"dlcore/{folder}/") else line
        print(line)
    return done.returncode


if __name__ == "__main__":
    sys.exit(main())

"""Check the style of the C++ sources with clang-format; `--write` brings them into it."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent


def main() -> int:
    paths = [path for suffix in ("*.h", "*.cpp", "*.cu") for path in (ROOT / "dlcore").rglob(suffix)]
    names = sorted(path.relative_to(ROOT).as_posix() for path in paths)
    mode = ["-i"] if "--write" in sys.argv[1:] else ["--dry-run", "-Werror"]
    program = Path(sys.executable).with_name("clang-format")
    done = subprocess.run([program, "--style=file", *mode, *names], cwd=ROOT, stderr=subprocess.PIPE, text=True)
    if done.returncode:
        late = sorted(
            {line.split(":")[0] for line in done.stderr.splitlines() if "[-Wclang-format-violations]" in line}
        )
        print(*(f"{name}: not formatted (make format)" for name in late), sep="\n")
        if not late:
            print(done.stderr, end="")
    return done.returncode


if __name__ == "__main__":
    sys.exit(main())

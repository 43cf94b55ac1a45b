"""`python -m dlcore.compat [--check] script.py [argument ...]`: run an old script unchanged, or say what is wrong."""

import runpy
import sys
from pathlib import Path

from . import diagnose, install

USAGE = "usage: python -m dlcore.compat [--check] script.py [argument ...]"

if len(sys.argv) < 2 or sys.argv[1:] == ["--check"]:
    sys.exit(USAGE)
del sys.argv[0]
if sys.argv[0] == "--check":
    found = diagnose(Path(sys.argv[1]).read_text(encoding="utf-8"))
    print("\n".join(f"{sys.argv[1]}, {finding}" for finding in found))
    sys.exit(1 if found else 0)
install()
runpy.run_path(sys.argv[0], run_name="__main__")

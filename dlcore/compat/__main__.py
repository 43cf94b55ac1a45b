"""`python -m dlcore.compat script.py [argument ...]`: run an old script unchanged."""

import runpy
import sys

from . import install

if len(sys.argv) < 2:
    sys.exit("usage: python -m dlcore.compat script.py [argument ...]")
del sys.argv[0]
install()
runpy.run_path(sys.argv[0], run_name="__main__")

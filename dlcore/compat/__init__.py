"""Old import names: scripts that say `import mxnet as mx` run on dlcore.

What lives here: `install()`, which makes `mxnet` and its submodules importable as other names of dlcore's own modules,
and `uninstall()`. Importing this package changes nothing. `python -m dlcore.compat script.py` runs one old script.
What must not: anything that computes; a name that dlcore lacks is an error that says so, never an imitation.
"""

from ._install import install, uninstall

__all__ = ["install", "uninstall"]

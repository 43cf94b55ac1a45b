"""Old import names: scripts that say `import mxnet as mx` run on dlcore.

What lives here: `install()`, which makes `mxnet` and its submodules importable as other names of dlcore's own modules,
`uninstall()`, and `diagnose(text)`, which reads an old text and says what is wrong in it. Importing this package
changes nothing; `import dlcore.compat.mxnet` installs. `python -m dlcore.compat script.py` runs one old script, with
`--check` it only reads it. `_names` is the table of modules; small modules that only old code asks for are here too.
What must not: anything that computes; a name that dlcore lacks is an error that says so, never an imitation.
"""

from dlcore import _answers

from ._diagnose import Finding, diagnose
from ._install import install, installed, uninstall

__all__ = ["Finding", "diagnose", "install", "installed", "uninstall"]

_answers.guard(__name__, __all__)

"""Every name of MXNet's inventory is found under `mxnet` once the old names are installed, or a reason says why not."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]

PROGRAM = """
import importlib, json, sys
sys.path.insert(0, sys.argv[1])
import old_names as page
sys.path.pop(0)
import dlcore.compat
dlcore.compat.install()
import mxnet as mx

def there(path):
    found = mx
    try:
        for part in path.split("."):
            found = getattr(found, part)
    except (AttributeError, ImportError):
        return False
    return True

missing, excused, count = [], [], 0
for family in page.FAMILIES:
    for name in family.names.split():
        count += 1
        full = f"{family.space}.{name}"
        if full in page.ABSENT:
            excused += [full] if there(full.lstrip(".")) else []
        elif not there(page.ELSEWHERE.get(full, full).lstrip(".")):
            missing.append(full)
modules = [
    f.space for f in page.FAMILIES
    if f.space and f.space[-1].islower() and any(f"{f.space}.{n}" not in page.ABSENT for n in f.names.split())
]
imported = []
for space in modules:
    try:
        importlib.import_module(f"mxnet.{space}")
        imported.append(space)
    except ModuleNotFoundError as error:
        if not isinstance(eval(f"mx.{space}"), type):
            missing.append(f"import mxnet.{space}: {error}")
print(json.dumps([count, missing, excused, len(set(imported))]))
"""


def test_every_name_is_there_or_excused(tmp_path: Path) -> None:
    command = [sys.executable, "-c", PROGRAM, str(ROOT / "docs")]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    count, missing, excused, imported = json.loads(done.stdout)
    assert (missing, excused) == ([], [])
    assert count > 1400 and imported > 30


def test_submodules_are_imported_from_dlcore_as_from_mxnet(tmp_path: Path) -> None:
    code = """
from dlcore.lr_scheduler import FactorScheduler
from dlcore.image import ImageDetIter
from dlcore.gluon.block import HybridBlock
from dlcore.optimizer.optimizer import Adam
import dlcore.util, dlcore.profiler, dlcore.rnn, dlcore as dl
assert dl.image is dl.io.image and dl.rnn.BucketSentenceIter
assert FactorScheduler is dl.optim.lr_scheduler.FactorScheduler
try:
    import dlcore.no_such_module
except ModuleNotFoundError as error:
    print(error)
"""
    done = subprocess.run([sys.executable, "-c", code], cwd=tmp_path, capture_output=True, text=True)
    assert (done.stdout, done.returncode) == ("No module named 'dlcore.no_such_module'\n", 0), done.stderr

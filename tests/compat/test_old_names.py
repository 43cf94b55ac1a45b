"""Old scripts run unchanged; the names come and go as asked. Each test of names has a process of its own."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path
from types import ModuleType

import pytest

from dlcore import compat

SCRIPT = Path(__file__).with_name("old_script.txt")


def python(*arguments: str, cwd: Path, path: Path | None = None) -> str:
    environment = {"PYTHONPATH": str(path)} if path else {}
    done = subprocess.run(
        [sys.executable, *arguments],
        cwd=cwd,
        env={"PATH": "", "HOME": str(cwd), **environment},
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


def run(code: str, cwd: Path, path: Path | None = None) -> str:
    return python("-c", code, cwd=cwd, path=path)


def test_an_old_script_runs_unchanged(tmp_path: Path) -> None:
    assert python("-m", "dlcore.compat", str(SCRIPT), cwd=tmp_path) == "accuracy True 0 True True"


def test_example(tmp_path: Path) -> None:
    code = "import doctest, dlcore.compat._install as m; print(doctest.testmod(m))"
    assert re.fullmatch(r"TestResults\(failed=0, attempted=\d\d\)", run(code, tmp_path))


def test_importing_the_package_changes_nothing(tmp_path: Path) -> None:
    code = """
import sys, dlcore
before = list(sys.meta_path)
import dlcore.compat
assert sys.meta_path == before and not [m for m in sys.modules if m.startswith("mxnet")]
try:
    import mxnet
except ModuleNotFoundError as error:
    print(error)
"""
    assert run(code, tmp_path) == "No module named 'mxnet'"


def test_an_old_name_gives_the_very_module(tmp_path: Path) -> None:
    code = """
import dlcore as dl, dlcore.compat
dlcore.compat.install()
dlcore.compat.install()
import mxnet as mx, mxnet.gluon.nn, mxnet.gluon.data.vision.transforms
import mxnet.optimizer, mxnet.context, mxnet.initializer, mxnet.gluon.data.dataset as dataset
from mxnet.gluon import nn, block, rnn, trainer
from mxnet.gluon.parameter import Parameter, ParameterDict
from mxnet.gluon.data import DataLoader
assert mx is mxnet and mx.gluon is dl.gluon and mx.NDArray is dl.NDArray and mx.__version__ == "1.9.1"
assert nn is dl.gluon.nn is mxnet.gluon.nn and rnn is dl.gluon.rnn
assert mx.nd.NDArray is mx.ndarray.NDArray is dl.NDArray and block.HybridBlock is dl.gluon.HybridBlock
assert Parameter is dl.gluon.Parameter and DataLoader is dl.gluon.data.DataLoader is dataset.DataLoader
assert trainer.Trainer is dl.gluon.Trainer and trainer.__name__ == "dlcore.gluon.trainer"
assert mx.nd.random.uniform is dl.random.uniform and mx.cpu(0) == dl.cpu(0) and mx.context.cpu is dl.cpu
assert mxnet.gluon.nn.__spec__.name == "dlcore.gluon.nn" and dl.__version__ != mx.__version__
print("ok")
"""
    assert run(code, tmp_path) == "ok"


def test_every_old_module_is_a_new_one_and_no_class_exists_twice(tmp_path: Path) -> None:
    """All of the table, imported in either way; then each class of dlcore is one object by whatever name."""
    code = """
import importlib, sys, dlcore, dlcore.compat
from dlcore.compat._names import ABSENT, MODULES
dlcore.compat.install()
for name, target in MODULES.items():
    parent, last = importlib.import_module(MODULES.get(name.rpartition(".")[0], "mxnet")), name.rpartition(".")[2]
    before = getattr(parent, last, None)
    module = importlib.import_module(f"mxnet.{name}")
    assert module is importlib.import_module(target), name
    above, _, last = name.rpartition(".")
    found = {}
    exec(f"from mxnet{'.' if above else ''}{above} import {last} as found", found)
    assert found["found"] is module, name
    assert getattr(parent, last) is (before or module), name  # an import gives no name another meaning
    assert f"mxnet.{name}" in sys.modules and sys.modules[f"mxnet.{name}"].__name__ == target, name
assert not set(ABSENT) & set(MODULES)
classes = {}
for module in list(sys.modules.values()):
    if getattr(module, "__name__", "").startswith("dlcore"):
        for name, value in list(vars(module).items()):
            if isinstance(value, type) and value.__module__.startswith("dlcore"):
                classes.setdefault((value.__module__, value.__qualname__), set()).add(id(value))
print(len(classes) > 300, [key for key, ids in classes.items() if len(ids) > 1])
"""
    assert run(code, tmp_path) == "True []"


def test_importing_compat_mxnet_installs_and_says_so_once(tmp_path: Path) -> None:
    code = """
import contextlib, importlib, io
said = io.StringIO()
with contextlib.redirect_stderr(said):
    import dlcore.compat.mxnet
    import dlcore.compat.mxnet as again
    from mxnet.gluon import nn
    import mxnet as mx
import dlcore
print(said.getvalue().count("import mxnet"), mx.gluon is dlcore.gluon, nn is dlcore.gluon.nn)
"""
    assert run(code, tmp_path) == "1 True True"


def test_a_real_mxnet_is_not_hidden_unasked(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "mxnet", ModuleType("mxnet"))
    with pytest.raises(RuntimeError, match=r"there is a real mxnet here; install\(force=True\) hides it"):
        compat.install()


MISSING = (
    "import dlcore.compat; dlcore.compat.install(); import mxnet as mx\ntry:\n    {}\nexcept {} as e:\n    print(e)"
)


@pytest.mark.parametrize(
    ("code", "kind", "said"),
    [
        ("mx.no_such_thing", "AttributeError", "dlcore has no 'no_such_thing'"),
        ("mx.nd.hawkesll", "AttributeError", "dlcore.nd has no 'hawkesll'"),
        ("import mxnet.onnx", "ModuleNotFoundError", "mxnet.onnx: dlcore has it not yet"),
        ("import mxnet.made_up", "ModuleNotFoundError", "mxnet.made_up: dlcore has no module of this name"),
        ("import mxnet.gluon.probability", "ModuleNotFoundError", "mxnet.gluon.probability: distributions are"),
        ("from mxnet import rtc", "ImportError", "mxnet.rtc: kernels of your own are operator stanzas"),
        ("from mxnet.gluon.nn import Linear", "ImportError", "cannot import name 'Linear' from 'dlcore.gluon.nn'"),
        ("mx.gluon.nn.Linear", "AttributeError", "dlcore.gluon.nn has no 'Linear'; it is nn.Dense(units)"),
    ],
)
def test_what_is_not_there_is_named(tmp_path: Path, code: str, kind: str, said: str) -> None:
    assert run(MISSING.format(code, kind), tmp_path).startswith(said)


def test_a_script_can_be_checked_without_running_it(tmp_path: Path) -> None:
    script = tmp_path / "old.py"
    script.write_text("import mxnet as mx\ntrainer = 0\ntrainer.step()\n")
    command = [sys.executable, "-m", "dlcore.compat", "--check", "old.py"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True)
    assert (done.returncode, done.stderr) == (1, "")
    assert done.stdout.startswith("old.py, line 3: ") and done.stdout.endswith("instead: trainer.step(batch_size)\n")
    script.write_text("import mxnet as mx\nprint(mx.nd.ones((2,)))\n")
    assert python("-m", "dlcore.compat", "--check", "old.py", cwd=tmp_path) == ""


def test_uninstall_leaves_nothing(tmp_path: Path) -> None:
    code = """
import sys, dlcore.compat
dlcore.compat.uninstall()
before = list(sys.meta_path)
dlcore.compat.install()
import mxnet.gluon
dlcore.compat.uninstall()
print(sys.meta_path == before, [m for m in sys.modules if m.startswith("mxnet")])
"""
    assert run(code, tmp_path) == "True []"


@pytest.mark.parametrize("imported", [False, True])
def test_a_real_one_is_hidden_only_by_force(tmp_path: Path, imported: bool) -> None:
    real = tmp_path / "site" / "mxnet"
    real.mkdir(parents=True)
    (real / "__init__.py").write_text("whose = 'real'\n")
    code = f"""
import dlcore.compat as c
{"import mxnet" if imported else ""}
try:
    c.install()
except RuntimeError as error:
    print("real mxnet" in str(error), end=" ")
import mxnet
print(mxnet.whose, end=" ")
c.install(force=True)
import mxnet
print(hasattr(mxnet, "whose"), mxnet.nd.ones((2,)).shape, end=" ")
c.uninstall()
import mxnet
print(mxnet.whose)
"""
    assert run(code, tmp_path, tmp_path / "site") == "True real False (2,) real"

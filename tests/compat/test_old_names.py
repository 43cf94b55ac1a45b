"""Old scripts run unchanged; the names come and go as asked. Each test has a process of its own."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

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
    assert run(code, tmp_path) == "TestResults(failed=0, attempted=6)"


def test_importing_the_package_changes_nothing(tmp_path: Path) -> None:
    code = """
import sys
before = list(sys.meta_path)
import dlcore.compat
assert sys.meta_path == before and not [m for m in sys.modules if m.startswith("mxnet")]
try:
    import mxnet
except ModuleNotFoundError as error:
    print(error)
"""
    assert run(code, tmp_path) == "No module named 'mxnet'"


def test_the_names_are_those_of_dlcore(tmp_path: Path) -> None:
    code = """
import dlcore as dl, dlcore.compat
dlcore.compat.install()
dlcore.compat.install()
import mxnet as mx, mxnet.gluon.nn, mxnet.gluon.data.vision.transforms
import mxnet.optimizer, mxnet.context, mxnet.initializer
from mxnet.gluon.parameter import Parameter, ParameterDict
from mxnet.gluon.data import DataLoader
assert mx.gluon.nn.Dense is dl.gluon.nn.Dense and mx.nd.NDArray is mx.ndarray.NDArray is dl.NDArray
assert Parameter is dl.gluon.Parameter and DataLoader is dl.gluon.data.DataLoader
assert mx.nd.random.uniform is dl.random.uniform and mx.cpu(0) == dl.cpu(0) and mx.context.cpu is dl.cpu
assert mx.__version__ == dl.__version__ and "gluon" in dir(mx) and "Dense" in dir(mx.gluon.nn)
print("ok")
"""
    assert run(code, tmp_path) == "ok"


MISSING = (
    "import dlcore.compat; dlcore.compat.install(); import mxnet as mx\ntry:\n    {}\nexcept {} as e:\n    print(e)"
)


@pytest.mark.parametrize(
    ("code", "kind", "said"),
    [
        ("mx.profiler", "AttributeError", "mxnet.profiler"),
        ("mx.nd.hawkesll", "AttributeError", "mxnet.nd.hawkesll"),
        ("import mxnet.onnx", "ModuleNotFoundError", "mxnet.onnx"),
        ("from mxnet.gluon import probability", "ImportError", "mxnet.gluon.probability"),
        ("from mxnet import profiler", "ImportError", "mxnet.profiler"),
    ],
)
def test_what_is_not_there_is_named(tmp_path: Path, code: str, kind: str, said: str) -> None:
    assert run(MISSING.format(code, kind), tmp_path) == f"{said}: dlcore does not have it yet"


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

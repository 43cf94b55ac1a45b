"""What a user gets: the source distribution and the wheel hold everything, and the wheel works on its own."""

from __future__ import annotations

import importlib.util
import os
import subprocess
import sys
import tarfile
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
BUILD = ROOT / "build" / f"dev-{sys.implementation.cache_tag}"
pytestmark = pytest.mark.serial


def run(code: str, *arguments: str, flags: tuple[str, ...] = (), cwd: Path = ROOT) -> str:
    environment = {name: value for name, value in os.environ.items() if not name.startswith("PYTHON")}
    environment["PATH"] = f"{Path(sys.executable).parent}{os.pathsep}{environment['PATH']}"
    command = [sys.executable, *flags, "-c", code, *arguments]
    done = subprocess.run(command, cwd=cwd, env=environment, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@pytest.fixture(scope="module")
def sdist_names(tmp_path_factory: pytest.TempPathFactory) -> set[str]:
    folder = tmp_path_factory.mktemp("sdist")
    run("import sys; from scikit_build_core.build import build_sdist as b; b(sys.argv[1])", str(folder))
    (archive,) = folder.glob("dlcore-*.tar.gz")
    with tarfile.open(archive) as tar:
        return {name.partition("/")[2] for name in tar.getnames()}


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A wheel from the files of the last build, so nothing is compiled twice."""
    folder = tmp_path_factory.mktemp("wheel")
    code = """
import sys
from scikit_build_core.build import build_wheel
build_wheel(sys.argv[1], {"build-dir": sys.argv[2]})
"""
    run(code, str(folder), str(BUILD))
    (path,) = folder.glob("dlcore-*.whl")
    return path


@pytest.fixture(scope="module")
def site(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder that holds the unpacked wheel and the three packages it depends on, and nothing else."""
    folder = tmp_path_factory.mktemp("site")
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(folder)
    for name in ("numpy", "numpy.libs", "safetensors", "ml_dtypes"):
        found = importlib.util.find_spec(name.partition(".")[0])
        assert found is not None and found.origin is not None
        source = Path(found.origin).parent.parent / name
        if source.exists():
            (folder / name).symlink_to(source, target_is_directory=True)
    return folder


def widgets() -> list[str]:
    return [path.parent.name for path in (ROOT / "widgets").glob("*/widget.js")]


def test_the_source_distribution_is_complete(sdist_names: set[str]) -> None:
    wanted = {"CMakeLists.txt", "LICENSE", "pyproject.toml", "widgets/build.py", "widgets/package-lock.json"}
    wanted |= {
        path.relative_to(ROOT).as_posix() for path in (ROOT / "dlcore" / "csrc").rglob("*.[ch]*") if path.is_file()
    }
    wanted |= {path.relative_to(ROOT).as_posix() for path in (ROOT / "kernel_ext").rglob("*.py")}
    wanted |= {f"widgets/{name}/bundle.{suffix}" for name in widgets() for suffix in ("js", "css")}
    wanted |= {"widgets/labextension/plugin.js", "widgets/labextension/built/package.json"}
    assert not wanted - sdist_names
    assert not [name for name in sdist_names if name.startswith((".venv", "build/", "node_modules"))]


def test_the_wheel_holds_one_package_with_everything_in_it(wheel: Path) -> None:
    with zipfile.ZipFile(wheel) as archive:
        names = set(archive.namelist())
    top = {name.partition("/")[0] for name in names}
    assert {name for name in top if not name.endswith((".dist-info", ".data"))} == {"dlcore"}
    for folder, package in {"dlcore": "dlcore", "kernel_ext": "dlcore/kernel_ext", "widgets": "dlcore/widgets"}.items():
        sources = {path.relative_to(ROOT / folder).as_posix() for path in (ROOT / folder).rglob("*.py")} - {"build.py"}
        assert not {f"{package}/{name}" for name in sources} - names
    assert not {f"dlcore/widgets/{name}/bundle.{suffix}" for name in widgets() for suffix in ("js", "css")} - names
    assert any(name.startswith("dlcore/_core.") for name in names)
    # The extension of JupyterLab and Notebook 7, where an installed wheel has it.
    data = {name.partition(".data/data/")[2] for name in names if ".data/" in name}
    place = "share/jupyter/labextensions/dlcore"
    (script,) = data - {f"{place}/package.json"}
    assert f"{place}/package.json" in data and script.startswith(f"{place}/static/remoteEntry.")
    assert not [name for name in names if "/csrc/" in name or "__pycache__" in name or "node_modules" in name]


def test_the_wheel_works_with_its_dependencies_alone(site: Path, tmp_path: Path) -> None:
    """Without the source tree, without site-packages: import, an operator, a gradient."""
    code = """
import sys
sys.path.insert(0, sys.argv[1])
import dlcore as dl
from dlcore import autograd
assert dl.__file__.startswith(sys.argv[1]), dl.__file__
x = dl.np.array([1.0, 2.0, 3.0])
x.attach_grad()
with autograd.record():
    y = (x * x).sum()
y.backward()
print(x.grad.asnumpy().tolist())
"""
    assert run(code, str(site), flags=("-I", "-S"), cwd=tmp_path).strip() == "[2.0, 4.0, 6.0]"

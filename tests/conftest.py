"""What holds for every test: a private home, fixed seeds, nothing left switched on, a browser where one is needed."""

from __future__ import annotations

import atexit
import gc
import os
import random
import shutil
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import chromium
import hypothesis
import numpy as np
import pytest

hypothesis.settings.register_profile("dlcore", deadline=None, print_blob=True)
hypothesis.settings.register_profile("ci", deadline=None, print_blob=True, derandomize=True)
hypothesis.settings.load_profile("ci" if os.environ.get("CI") else "dlcore")

# Comparisons with libraries that nothing here needs are a lane of their own (`make peers`), where none is skipped.
collect_ignore = [] if os.environ.get("DLCORE_PEERS") else ["peers"]

LAST_WORDS = pytest.StashKey[Path]()
PRIVATE = {
    "IPYTHONDIR": "ipython",
    "JUPYTER_CONFIG_DIR": "jupyter-config",
    "JUPYTER_DATA_DIR": "jupyter-data",
    "JUPYTER_RUNTIME_DIR": "jupyter-runtime",
    "JUPYTERLAB_SETTINGS_DIR": "lab-settings",
    "JUPYTERLAB_WORKSPACES_DIR": "lab-workspaces",
    "MPLCONFIGDIR": "matplotlib",
}


def pytest_configure(config: pytest.Config) -> None:
    """Nothing a test does reads or writes the settings of the person who runs it."""
    home = tempfile.TemporaryDirectory(prefix="dlcore-tests-", ignore_cleanup_errors=True)
    for variable, folder in PRIVATE.items():
        path = Path(home.name) / folder
        path.mkdir()
        os.environ[variable] = str(path)
    os.environ["MPLBACKEND"] = "Agg"
    config.add_cleanup(home.cleanup)
    if hasattr(config, "workerinput"):
        atexit.register(_keep_last_words, config.workerinput["last_words"])


def pytest_runtest_setup(item: pytest.Item) -> None:
    if item.get_closest_marker("browser") and chromium.find() is None:
        if chromium.required():
            pytest.fail(chromium.HINT, pytrace=False)
        pytest.skip(chromium.HINT)


@pytest.hookimpl(optionalhook=True)
def pytest_configure_node(node: Any) -> None:
    """A parallel worker writes what it says when it ends, after all tests, to a file."""
    stash = node.config.stash
    if LAST_WORDS not in stash:
        stash[LAST_WORDS] = Path(tempfile.mkdtemp(prefix="dlcore-ends-"))
    node.workerinput["last_words"] = str(stash[LAST_WORDS] / node.gateway.id)


def _keep_last_words(path: str) -> None:
    with open(path, "wb") as file:
        os.dup2(file.fileno(), 2)
    # That of Hypothesis lives as long as the collector itself, so that nothing it leads to, tests and their arguments
    # among it, could be collected in the end.
    gc.callbacks.clear()


@pytest.hookimpl(trylast=True)
def pytest_sessionfinish(session: pytest.Session) -> None:
    """Arrays that a worker has leaked, as the binding layer tells when Python ends, are a failure."""
    folder = session.config.stash.get(LAST_WORDS, None)
    if folder is None:
        return
    said = "".join(path.read_text(errors="replace") for path in sorted(folder.iterdir()))
    shutil.rmtree(folder)
    if "nanobind: leaked" in said:
        session.exitstatus = pytest.ExitCode.TESTS_FAILED
        said += "\na worker has leaked arrays: they live on when Python ends\n"
    session.config.add_cleanup(lambda: print(said, end="", file=sys.stderr))  # below all that pytest says


@pytest.fixture(scope="session")
def chromium_path() -> str:
    """The path of the browser; tests that use it carry the `browser` mark."""
    path = chromium.find()
    assert path is not None, chromium.HINT
    return path


@pytest.fixture(scope="session", autouse=True)
def ended_workers() -> Iterator[None]:
    """Worker processes end with the last test: a parallel worker of pytest's own may be given no time for it later."""
    yield
    if parallel := sys.modules.get("dlcore.parallel"):
        parallel.shutdown()


@pytest.fixture(scope="session", autouse=True)
def proved_plans() -> Iterator[None]:
    """Every memory plan made in a test is proved to be sound, from the graph and the places alone.

    So is that of every program made for a new size from others, and its graph is verified.
    """
    from graph.proof import prove

    from dlcore.graph import _compiled, verify

    with pytest.MonkeyPatch.context() as patch:
        original = _compiled.plan

        def plan_and_prove(graph: Any) -> Any:
            found = original(graph)
            prove(graph, found)
            return found

        resized = _compiled.Compiled._resized

        def resized_and_proved(self: Any, program: Any, traced: Any) -> Any:
            made = resized(self, program, traced)
            prove(verify(made.graph), made.plan)
            verify(made.traced)
            return made

        patch.setattr(_compiled, "plan", plan_and_prove)
        patch.setattr(_compiled.Compiled, "_resized", resized_and_proved)
        yield


@pytest.fixture(autouse=True)
def fixed_seeds() -> None:
    """The same random numbers in every run, whichever tests ran before."""
    random.seed(0)
    np.random.seed(0)
    core = sys.modules.get("dlcore._core")
    if core is not None:
        core.seed(0)


@pytest.fixture(autouse=True)
def nothing_left_recording() -> Iterator[None]:
    """A test that leaves autograd switched on would change the meaning of those after it."""
    yield
    core = sys.modules.get("dlcore._core")
    if core is not None:
        left = core.set_recording(False), core.set_training(False)
        assert left == (False, False), f"the test left recording, training = {left}"

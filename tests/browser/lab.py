"""A real JupyterLab or Notebook 7 and a real browser, for tests that look at what a person would see.

    with Lab(folder) as lab:
        notebook = lab.open("story.ipynb")
        notebook.run_all()
        notebook.wait_idle()
        notebook.screenshot(folder / "story.png")

The server listens on a free loopback port, with settings, workspaces and runtime files of its own below `folder`.
"""

from __future__ import annotations

import json
import os
import secrets
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Mapping
from pathlib import Path
from types import TracebackType
from typing import Any

import chromium

CHROMIUM_FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
CURRENT = "window.jupyterapp.shell.currentWidget"


def until(condition: Callable[[], Any], seconds: float, what: str) -> Any:
    """Call `condition` until it gives something true, and return that. TimeoutError names `what` was waited for."""
    end = time.monotonic() + seconds
    while True:
        if value := condition():
            return value
        if time.monotonic() > end:
            raise TimeoutError(f"waited {seconds:.0f} s for {what}")
        time.sleep(0.05)


# Of an element of the page: the classes of everything in it that moves by itself or fades.
MOVING = """(root) => [...root.querySelectorAll("*")].filter((node) => {
  const style = getComputedStyle(node);
  return style.animationName !== "none" || style.transitionDuration.split(",").some((time) => parseFloat(time) > 0);
}).map((node) => node.className)"""


class Lab:
    """JupyterLab (or, with `app="notebook"`, Notebook 7) on `folder` and a headless browser, for a `with` statement."""

    def __init__(
        self,
        folder: Path,
        *,
        env: Mapping[str, str] | None = None,
        theme: str = "JupyterLab Light",
        app: str = "lab",
    ) -> None:
        self.folder = Path(folder)
        self.app = app
        self.private = self.folder / ".lab"
        self.token = secrets.token_hex(16)
        self.port = _free_port()
        self.env = dict(env or {})
        self.theme = theme
        self._server: subprocess.Popen[bytes] | None = None
        self._playwright: Any = None
        self._browser: Any = None

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def __enter__(self) -> Lab:
        try:
            self._start_server()
            self._start_browser()
        except BaseException:
            self.close()
            raise
        return self

    def __exit__(self, kind: type[BaseException] | None, error: Any, trace: TracebackType | None) -> None:
        self.close()

    def open(self, name: str, *, width: int = 1100, height: int = 900) -> Notebook:
        """Open a notebook of the folder in a new page and wait until its kernel is ready."""
        page = self.page(width=width, height=height)
        page.on("dialog", lambda dialog: dialog.accept())  # "leave without saving?"
        page.goto(f"{self.url}/{'doc/tree' if self.app == 'lab' else 'notebooks'}/{name}?token={self.token}")
        return Notebook(page, name).ready()

    def page(self, *, width: int, height: int) -> Any:
        """An empty page of the browser, with cookies of its own; Playwright's."""
        return self._browser.new_context(viewport={"width": width, "height": height}).new_page()

    def write(self, name: str, cells: list[str]) -> Path:
        """Make a notebook of code cells, trusted as one's own."""
        import nbformat

        notebook = nbformat.v4.new_notebook(
            cells=[nbformat.v4.new_code_cell(cell) for cell in cells],
            metadata={"kernelspec": {"name": "python3", "display_name": "Python 3", "language": "python"}},
        )
        path = self.folder / name
        nbformat.write(notebook, path)
        return path

    def api(self, path: str, method: str = "GET") -> Any:
        """Ask the server's REST interface."""
        request = urllib.request.Request(f"{self.url}/api/{path}", method=method)
        request.add_header("Authorization", f"token {self.token}")
        with urllib.request.urlopen(request, timeout=10) as reply:
            text = reply.read()
        return json.loads(text) if text else None

    def shutdown_kernels(self) -> None:
        """End every kernel, as after a night: what is in a notebook then is what was saved in it."""
        for kernel in self.api("kernels"):
            self.api(f"kernels/{kernel['id']}", "DELETE")

    def close(self) -> None:
        """End browser, kernels and server; harmless the second time."""
        if self._browser is not None:
            self._browser.close()
        if self._playwright is not None:
            self._playwright.stop()
        self._browser = self._playwright = None
        if self._server is not None:
            self._end_server(self._server)
            self._server = None

    def _start_server(self) -> None:
        command = [
            sys.executable,
            *("-m", "jupyterlab" if self.app == "lab" else "notebook", "--no-browser", "--allow-root"),
            *("--ServerApp.ip=127.0.0.1", f"--ServerApp.port={self.port}", "--ServerApp.port_retries=0"),
            *(f"--IdentityProvider.token={self.token}", f"--ServerApp.root_dir={self.folder}"),
            f"--{'LabApp' if self.app == 'lab' else 'JupyterNotebookApp'}.expose_app_in_browser=True",
        ]
        log = self._settings() / "server.log"
        with open(log, "wb") as stream:
            self._server = subprocess.Popen(
                command, cwd=self.folder, env=self._environment(), stdout=stream, stderr=stream, start_new_session=True
            )
        server = self._server

        def answers() -> bool:
            if server.poll() is not None:
                raise RuntimeError(f"JupyterLab ended at once:\n{log.read_text(errors='replace')}")
            try:
                return bool(self.api("status"))
            except (urllib.error.URLError, ConnectionError, TimeoutError):
                return False

        until(answers, 60, "JupyterLab to answer")

    def _settings(self) -> Path:
        apputils = self.private / "settings" / "@jupyterlab" / "apputils-extension"
        apputils.mkdir(parents=True, exist_ok=True)
        quiet = {"fetchNews": "false", "checkForUpdates": False}
        (apputils / "notification.jupyterlab-settings").write_text(json.dumps(quiet))
        (apputils / "themes.jupyterlab-settings").write_text(json.dumps({"theme": self.theme}))
        return self.private

    def _environment(self) -> dict[str, str]:
        places = {
            "JUPYTERLAB_SETTINGS_DIR": "settings",
            "JUPYTERLAB_WORKSPACES_DIR": "workspaces",
            "JUPYTER_CONFIG_DIR": "config",
            "JUPYTER_DATA_DIR": "data",
            "JUPYTER_RUNTIME_DIR": "runtime",
            "IPYTHONDIR": "ipython",
        }
        mine = {name: str(self.private / place) for name, place in places.items()}
        path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ.get('PATH', '')}"
        return {**os.environ, "PATH": path, **mine, **self.env}

    def _start_browser(self) -> None:
        from playwright.sync_api import sync_playwright

        path = chromium.find()
        if path is None:
            raise RuntimeError(chromium.HINT)
        self._playwright = sync_playwright().start()
        self._browser = self._playwright.chromium.launch(executable_path=path, args=CHROMIUM_FLAGS)

    def _end_server(self, server: subprocess.Popen[bytes]) -> None:
        try:
            self.shutdown_kernels()
        except (urllib.error.URLError, ConnectionError, TimeoutError):
            pass
        if server.poll() is None:
            os.killpg(server.pid, signal.SIGTERM)  # the group this class started, and nobody else
            try:
                server.wait(10)
            except subprocess.TimeoutExpired:
                os.killpg(server.pid, signal.SIGKILL)
                server.wait(10)


class Notebook:
    """One notebook that is open in the browser. Cells are counted from 0; `page` is Playwright's."""

    def __init__(self, page: Any, name: str) -> None:
        self.page = page
        self.name = name

    def ready(self, seconds: float = 90) -> Notebook:
        """Wait until the notebook is on the page and its kernel has answered."""
        done = (
            "() => { const app = window.jupyterapp; const panel = app && app.shell && app.shell.currentWidget;"
            " return Boolean(panel && panel.content && panel.content.widgets && panel.context.isReady"
            " && panel.sessionContext.isReady && panel.sessionContext.session && panel.sessionContext.session.kernel"
            " && panel.sessionContext.session.kernel.connectionStatus === 'connected'); }"
        )
        self.page.wait_for_function(done, timeout=seconds * 1000)
        return self

    def js(self, expression: str, argument: Any = None) -> Any:
        """Evaluate `(panel, argument) => expression` on the page, where panel is the notebook's."""
        return self.page.evaluate(f"(argument) => ((panel, argument) => {expression})({CURRENT}, argument)", argument)

    def count(self) -> int:
        """How many cells there are."""
        return int(self.js("panel.content.widgets.length"))

    def cell(self, index: int) -> Any:
        """Playwright's locator of one cell."""
        return self.page.locator(f".jp-Notebook .jp-Cell[data-windowed-list-index='{index}']")

    def run(self, index: int, wait: float | None = None) -> None:
        """Run one cell; with `wait`, wait that many seconds at most for it to end."""
        self.js(
            "{ panel.content.activeCellIndex = argument; window.jupyterapp.commands.execute('notebook:run-cell'); }",
            index,
        )
        if wait is not None:
            self.wait_idle(index, wait)

    def run_all(self) -> None:
        """Run every cell; returns at once."""
        self.js("{ window.jupyterapp.commands.execute('notebook:run-all-cells'); }")

    def state(self, index: int) -> tuple[str, int | None]:
        """(execution state, execution count) of a code cell; the state of other cells is "idle"."""
        state = self.js(
            "{ const m = panel.content.widgets[argument].model;"
            " return m.type === 'code' ? [m.executionState ?? 'idle', m.executionCount] : ['idle', 0]; }",
            index,
        )
        return state[0], state[1]

    def wait_idle(self, index: int | None = None, seconds: float = 120) -> None:
        """Wait until one cell, or every cell that holds code, has run and ended."""
        cells = range(self.count()) if index is None else [index]

        def done() -> bool:
            states = [self.state(cell) for cell in cells if index is not None or self.source(cell).strip()]
            return all(state == "idle" and count is not None for state, count in states)

        until(done, seconds, f"cell {index} to end" if index is not None else "all cells to end")

    def source(self, index: int) -> str:
        """The text of a cell."""
        return str(self.js("panel.content.widgets[argument].model.sharedModel.getSource()", index))

    def outputs(self, index: int) -> list[dict[str, Any]]:
        """The outputs of a cell as they would be saved."""
        found = self.js("panel.content.widgets[argument].model.toJSON().outputs ?? []", index)
        return list(found)

    def text(self, index: int) -> str:
        """What a cell printed, its plain-text results and its errors."""
        parts = []
        for output in self.outputs(index):
            shown = output.get("text") or output.get("data", {}).get("text/plain") or output.get("traceback") or ""
            parts.append(shown if isinstance(shown, str) else "\n".join(shown))
        return "\n".join(parts)

    def errors(self) -> dict[int, str]:
        """The cells that ended with an error, and its text."""
        return {
            index: f"{output['ename']}: {output['evalue']}"
            for index in range(self.count())
            for output in self.outputs(index)
            if output.get("output_type") == "error"
        }

    def save(self) -> None:
        """Save the notebook and wait until it is on disk."""
        self.js("panel.context.save()")

    def reload(self) -> None:
        """Load the page again, as a person would with F5."""
        self.page.reload()
        self.ready()

    def interrupt(self) -> None:
        """Interrupt the kernel, as the button in the toolbar does."""
        self.js("panel.sessionContext.session.kernel.interrupt()")

    def theme(self, name: str) -> None:
        """Change JupyterLab's theme: "JupyterLab Light" or "JupyterLab Dark"."""
        self.page.evaluate("(name) => window.jupyterapp.commands.execute('apputils:change-theme', {theme: name})", name)
        dark = str("Dark" not in name).lower()
        done = f"document.body.dataset.jpThemeLight === '{dark}' && !document.getElementById('jupyterlab-splash')"
        self.page.wait_for_function(f"() => {done}", timeout=10_000)

    def screenshot(self, path: Path | str, index: int | None = None) -> None:
        """A picture of the page, or of one cell."""
        if index is None:
            self.page.screenshot(path=str(path))
        else:
            self.cell(index).screenshot(path=str(path))

    def close(self) -> None:
        """Close the page."""
        self.page.context.close()


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])

"""A front end that knows widgets but lets nobody see its notebook, as VS Code's: the widgets work, the text is copied.

The page is empty but for the widget's own script; what it sends goes to the living Python object, and back. That is
all that a host owes an anywidget.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import chromium
import pytest
from browser.lab import CHROMIUM_FLAGS
from shells import fresh_shell

pytest.importorskip("anywidget")

from IPython.core.interactiveshell import InteractiveShell  # noqa: E402

from dlcore import widgets  # noqa: E402
from dlcore.kernel_ext.session import Session  # noqa: E402
from dlcore.widgets.diagram import Diagram  # noqa: E402
from dlcore.widgets.explorer import explore  # noqa: E402

pytestmark = pytest.mark.browser

TEXT = "%%network net\ninput 1x6x6\nconv 4 3x3 relu\nflatten\ndense 3"
HOST = """async ([script, style]) => {
  const heard = [];
  const model = {
    get: () => undefined, set: () => {}, save_changes: () => {}, off: () => {},
    on: (name, act) => { if (name === "msg:custom") heard.push(act); },
    send: (content) => window.toKernel(JSON.stringify(content)),
  };
  window.fromKernel = (content, buffers) => {
    const views = buffers.map((text) => new DataView(Uint8Array.from(atob(text), (c) => c.charCodeAt(0)).buffer));
    for (const act of heard) act(content, views);
  };
  document.head.append(Object.assign(document.createElement("style"), { textContent: style }));
  const url = URL.createObjectURL(new Blob([script], { type: "text/javascript" }));
  const widget = (await import(url)).default;
  const made = typeof widget === "function" ? await widget() : widget;
  await made.initialize?.({ model });
  await made.render({ model, el: document.body });
}"""


class Host:
    """One page that shows one widget."""

    def __init__(self, page: Any) -> None:
        self.page = page
        self.mistakes: list[str] = []
        page.on("pageerror", lambda error: self.mistakes.append(str(error)))

    def show(self, widget: Any, name: str) -> None:
        folder = Path(widgets.__file__).parent / name
        waiting: list[tuple[Any, list[str]]] = []
        widget.send = lambda content, buffers=None: waiting.append(
            (content, [base64.b64encode(bytes(part)).decode() for part in buffers or []])
        )
        self.waiting = waiting
        self.page.expose_function("toKernel", lambda text: widget._receive(widget, json.loads(text), []))
        self.page.evaluate(HOST, [(folder / f"bundle.{suffix}").read_text() for suffix in ("js", "css")])
        self.settle()

    def settle(self) -> None:
        """Give the page what the kernel has answered."""
        for _ in range(20):
            self.page.wait_for_timeout(30)
            answers, self.waiting[:] = list(self.waiting), []
            for content, buffers in answers:
                self.page.evaluate("([content, buffers]) => window.fromKernel(content, buffers)", [content, buffers])


@pytest.fixture
def host() -> Iterator[Host]:
    from playwright.sync_api import sync_playwright

    path = chromium.find()
    assert path is not None, chromium.HINT
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=CHROMIUM_FLAGS)
        yield Host(browser.new_page(viewport={"width": 1000, "height": 800}))
        browser.close()


@pytest.fixture
def shell() -> Iterator[InteractiveShell]:
    with fresh_shell() as ip:
        ip.run_cell(TEXT).raise_error()
        yield ip


def test_the_diagram_edits_the_network_and_offers_the_text(host: Host, shell: InteractiveShell) -> None:
    net = shell.user_ns["net"]
    host.show(Diagram(Session(shell, "net", net)), "diagram")
    page = host.page
    assert page.locator(".dl-box").count() == 4
    page.locator(".dl-box[data-line='5']").click()
    page.locator("[data-field=units]").fill("7")
    page.keyboard.press("Tab")
    host.settle()
    assert net.shapes[-1] == (7,)
    assert "cannot be reached from here" in page.locator(".dl-notice").inner_text()
    assert page.locator(".dl-source").get_attribute("open") is not None
    assert page.locator(".dl-text").inner_text() == TEXT.replace("dense 3", "dense 7")
    page.locator(".dl-notice button").click()
    page.wait_for_timeout(100)
    assert page.locator(".dl-said").inner_text() in ("copied", "the text is selected below")
    assert not host.mistakes


def test_the_explorer_looks_into_layers(host: Host, shell: InteractiveShell) -> None:
    host.show(explore(shell.user_ns["net"], name="net"), "explorer")
    host.page.locator('.dl-row[data-path="conv1"]').click()
    host.settle()
    card = host.page.locator('.dl-weights .dl-card[data-name="weight"]')
    assert "4×1×3×3" in card.inner_text() and card.locator("canvas").count() == 1
    assert not host.mistakes

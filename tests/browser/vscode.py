"""A page that shows widgets as VS Code's notebook does, on a kernel of a Jupyter server.

Microsoft's Jupyter extension draws widgets in a web view with the widget manager of its own npm package, which is used
here as it is; it takes their scripts from the environment of the kernel. Its messages reach the kernel over one
connection that knows no subshells. `vscode_host.js` is the part of the extension around the manager, written anew.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

from browser.lab import Lab, until
from browser.npm import package

HERE = Path(__file__).parent
MANAGER = (
    "@vscode/jupyter-ipywidgets8",
    "1.0.9",
    "sha512-bocCThfa4JDIDd7qCFAfW3HpzHfTLYxOTpTbiDfw4DXOUjKHnr6ObkMBiIkuzYPRybh5bY4FhYLemuDuTvIbpQ==",
)
REQUIRE = (
    "requirejs",
    "2.3.8",
    "sha512-7/cTSLOdYkNBNJcDMWf+luFvMriVm7eYxp4BcFCsAX0wF421Vyce5SXP17c+Jd5otXKGNehIonFlyQXSowL6Mw==",
)
# What the extension gives the page around a widget, in its dark and its light theme.
COLOURS = {
    "dark": {"body": "#1f1f1f", "text": "#cccccc", "card": "#313131", "border": "#2b2b2b"},
    "light": {"body": "#ffffff", "text": "#3b3b3b", "card": "#f8f8f8", "border": "#e5e5e5"},
}
PAGE = """<!doctype html><html><head><style>
body {{ background: {body}; color: {text}; font: 13px system-ui; }}
.cell-output-ipywidget-background {{
  --jp-layout-color0: {card}; --jp-layout-color1: {card}; --jp-layout-color2: {card}; --jp-layout-color3: {card};
  --jp-ui-font-color0: {text}; --jp-ui-font-color1: {text}; --jp-ui-font-color2: {text}; --jp-ui-font-color3: {text};
  --jp-border-color1: {border}; --jp-border-color2: {border};
}}
</style></head><body class="vscode-{theme}" data-vscode-theme-kind="vscode-{theme}">
<script src="/vscode/require.js"></script><script type="module" src="/vscode/host.js"></script></body></html>"""


class Code:
    """One page with one kernel. `page` is Playwright's."""

    def __init__(self, lab: Lab, *, theme: str = "light", width: int = 1000, height: int = 1300) -> None:
        self.lab = lab
        self.kernel = lab.api("kernels", "POST")["id"]
        self.page = lab.page(width=width, height=height)
        self.trouble: list[str] = []
        self.page.on("pageerror", lambda error: self.trouble.append(str(error)))
        self.page.on("console", lambda said: said.type == "error" and self.trouble.append(said.text))
        scripts = {
            "require.js": package(*REQUIRE) / "require.js",
            "ipywidgets.js": package(*MANAGER) / "dist" / "ipywidgets.js",
            "host.js": HERE / "vscode_host.js",
        }
        for name, path in scripts.items():
            self._serve(name, path.read_text(encoding="utf-8"))
        for path in (Path(sys.prefix) / "share/jupyter/nbextensions/anywidget").glob("*.js"):
            self._serve(f"nbextensions/anywidget/{path.name}", path.read_text(encoding="utf-8"))
        self.page.goto(f"{lab.url}/login")  # a page of the server itself may speak with it, one that is made up may not
        self.page.set_content(PAGE.format(theme=theme, **COLOURS[theme]))
        self.page.wait_for_function("() => window.begin")
        address = f"{lab.url.replace('http', 'ws', 1)}/api/kernels/{self.kernel}/channels?token={lab.token}"
        self.page.evaluate("(address) => window.begin(address)", address)

    def _serve(self, name: str, text: str) -> None:
        answer = {"body": text, "content_type": "text/javascript; charset=utf-8"}
        self.page.route(f"{self.lab.url}/vscode/{name}", lambda route: route.fulfill(**answer))

    def run(self, name: str, code: str, wait: float | None = None) -> None:
        """Run a cell; with `wait`, wait that many seconds at most for it to end."""
        self.page.evaluate("([name, code]) => window.page.run(name, code)", [name, code])
        if wait is not None:
            until(lambda: self.state(name) != "running", wait, f"cell {name} to end")

    def cell(self, name: str) -> Any:
        """Playwright's locator of what a cell shows."""
        return self.page.locator(f"#{name}")

    def state(self, name: str) -> str:
        """ "running", "ok" or "error"."""
        return str(self.cell(name).get_attribute("data-state"))

    def mistakes(self) -> list[str]:
        """Everything that went wrong on the page so far."""
        return [*self.page.evaluate("window.mistakes"), *self.trouble]

    def close(self) -> None:
        """Close the page and end the kernel."""
        self.page.context.close()
        self.lab.api(f"kernels/{self.kernel}", "DELETE")

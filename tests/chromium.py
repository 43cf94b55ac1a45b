"""Where the browser of the browser tests is; `python tests/chromium.py` says in one line when there is none."""

from __future__ import annotations

import os
import shutil
import sys
from functools import cache

NAMES = ["chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome"]
HINT = "no Chromium was found; on Debian or Ubuntu: apt-get install chromium (or set DLCORE_CHROMIUM to its path)"


@cache
def find() -> str | None:
    """The path of the browser: DLCORE_CHROMIUM, one on the PATH, or the one that Playwright installed."""
    named = os.environ.get("DLCORE_CHROMIUM")
    if named:
        return named if os.access(named, os.X_OK) else None
    for name in NAMES:
        path = shutil.which(name)
        if path:
            return path
    return _playwrights_own()


def _playwrights_own() -> str | None:
    try:
        from playwright.sync_api import sync_playwright
    except ImportError:
        return None
    with sync_playwright() as playwright:
        path = playwright.chromium.executable_path
    return path if os.access(path, os.X_OK) else None


def required() -> bool:
    """Whether a browser test that cannot run is a failure (as on a test server) instead of a skip."""
    return os.environ.get("DLCORE_REQUIRE_BROWSER") == "1" or os.environ.get("CI", "").lower() in ("1", "true")


if __name__ == "__main__":
    if find() is None:
        print(f"dlcore: browser tests {'cannot run' if required() else 'are skipped'}: {HINT}", file=sys.stderr)
        sys.exit(1 if required() else 0)

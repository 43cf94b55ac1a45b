"""Pictures of pages: those of the readme, which tests take and write where they belong, and those of what was seen.

DLCORE_README_PICTURES=1 .venv/bin/pytest tests/browser/test_tour.py tests/browser/test_tuner.py
"""

from __future__ import annotations

import os
from pathlib import Path

from browser.lab import Notebook
from PIL import Image

FOLDER = Path(__file__).resolve().parents[2] / "notebooks"


def wanted() -> bool:
    """Whether the pictures are to be rewritten."""
    return os.environ.get("DLCORE_README_PICTURES") == "1"


def keep(notebook: Notebook, name: str, cell: int | None = None) -> None:
    """Where a folder is named for it, keep the page (or a cell of it) there as `NAME.png`."""
    if folder := os.environ.get("DLCORE_SCREENSHOTS"):
        Path(folder).mkdir(parents=True, exist_ok=True)
        notebook.screenshot(Path(folder) / f"{name}.png", cell)


def readme(notebook: Notebook, name: str, index: int) -> None:
    """Where it is wanted, keep the page as `notebooks/NAME.png`, with cell `index` in sight."""
    if not wanted():
        return
    notebook.cell(index).scroll_into_view_if_needed()
    notebook.page.wait_for_timeout(300)
    path = FOLDER / f"{name}.png"
    notebook.screenshot(path)
    Image.open(path).convert("RGB").quantize(256, dither=Image.Dither.NONE).save(path, optimize=True)

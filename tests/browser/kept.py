"""Pictures that are kept beside the tests, of what looks the same in every run; what a test sees is held against them.

Fonts differ from machine to machine, so what is compared is where there is ink, coarsely. DLCORE_README_PICTURES=1
writes the pictures anew.
"""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any

import numpy as np
from browser.pictures import wanted
from PIL import Image

FOLDER = Path(__file__).with_name("kept")
LIKENESS = 0.8  # 1 is the same picture; one of another widget, or upside down, is below 0.5


def ink(picture: Image.Image) -> np.ndarray:
    """How much is drawn in each of 40 x 40 fields."""
    grey = np.asarray(picture.convert("L").resize((320, 320), Image.Resampling.BOX), np.float64)
    drawn = np.abs(grey - np.median(grey))
    return drawn.reshape(40, 8, 40, 8).mean((1, 3))


def likeness(a: Image.Image, b: Image.Image) -> float:
    """The correlation of the ink of two pictures; 0 where one is blank."""
    first, second = (ink(p) - ink(p).mean() for p in (a, b))
    size = np.sqrt((first**2).sum() * (second**2).sum())
    return float((first * second).sum() / size) if size else 0.0


def looks_as_kept(part: Any, name: str) -> None:
    """Hold a part of the page (a locator) against `kept/NAME.png`."""
    path, seen = FOLDER / f"{name}.png", Image.open(io.BytesIO(part.screenshot())).convert("L")
    if wanted():
        FOLDER.mkdir(exist_ok=True)
        seen.quantize(16).save(path, optimize=True)
        return
    kept = Image.open(path)
    assert 0.8 < seen.width / kept.width < 1.25 and 0.8 < seen.height / kept.height < 1.25, (seen.size, kept.size)
    found = likeness(seen, kept)
    assert found > LIKENESS, f"{name} looks otherwise than it was kept: likeness {found:.2f}"

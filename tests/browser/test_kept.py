"""The measure by which pictures are held against kept ones tells other pictures apart."""

from __future__ import annotations

import itertools

import numpy as np
from browser.kept import FOLDER, LIKENESS, likeness
from PIL import Image, ImageOps

KEPT = sorted(FOLDER.glob("*.png"))


def test_a_picture_is_like_itself_and_its_blurred_form_and_like_no_other() -> None:
    pictures = [Image.open(path).convert("L") for path in KEPT]
    assert len(pictures) >= 4
    for picture in pictures:
        w, h = picture.size
        moved = Image.fromarray(np.roll(np.asarray(picture), 2, (0, 1)))
        assert likeness(picture, picture.resize((w * 9 // 10, h))) > 0.97 and likeness(picture, moved) > LIKENESS
        assert likeness(picture, ImageOps.flip(picture)) < LIKENESS - 0.2
        assert likeness(picture, Image.new("L", picture.size, 255)) == 0
    for a, b in itertools.combinations(pictures, 2):
        assert likeness(a, b) < LIKENESS - 0.2

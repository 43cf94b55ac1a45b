"""Colours changed at random: what the core makes of bytes, one picture or a whole batch at once."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from dlcore import _core
from dlcore.gluon import data as gdata
from dlcore.gluon.data._plan import planned
from dlcore.gluon.data._strength import Strengthened
from dlcore.gluon.data.vision import transforms as T

RNG = np.random.default_rng(0)
PICTURES = {c: RNG.integers(0, 256, (23, 9, 7, c)).astype(np.uint8) for c in (1, 2, 3)}
GREY = np.array([0.299, 0.587, 0.114])


class Hidden(gdata.Dataset):
    """The same elements, one by one."""

    def __init__(self, source: Any) -> None:
        self._source = source

    def __len__(self) -> int:
        return len(self._source)

    def __getitem__(self, index: int) -> Any:
        return self._source[index]


def _rounded(image: np.ndarray) -> np.ndarray:
    return np.clip(np.rint(image), 0, 255)


def _hue(image: np.ndarray, angle: float) -> np.ndarray:
    yiq = np.array([[0.299, 0.587, 0.114], [0.596, -0.274, -0.321], [0.211, -0.523, 0.311]])
    turn = np.array([[1, 0, 0], [0, np.cos(angle), -np.sin(angle)], [0, np.sin(angle), np.cos(angle)]])
    return image @ (np.linalg.inv(yiq) @ turn @ yiq).T


FORMULAS = {
    "contrast": lambda image, f: image * f + (image @ GREY).mean() * (1 - f),
    "saturation": lambda image, f: image * f + (image @ GREY)[..., None] * (1 - f),
    "hue": _hue,
    "grey": lambda image, _: np.repeat((image @ GREY)[..., None], 3, axis=2),
}


@pytest.mark.parametrize("what", FORMULAS)
@pytest.mark.parametrize("amount", [0.0, 0.3, 1.0, 1.7, -0.4])
def test_a_picture_becomes_what_the_formula_says(what: str, amount: float) -> None:
    for image in PICTURES[3][:5]:
        before = image.copy()
        made = _core.recoloured(image, what, amount).asnumpy()
        wanted = FORMULAS[what](image.astype(np.float64), amount)
        clear = abs(wanted - np.floor(wanted) - 0.5) > 1e-3  # between two numbers either is right
        np.testing.assert_array_equal(made[clear], _rounded(wanted)[clear])
        assert np.array_equal(image, before) and abs(made - _rounded(wanted)).max() <= 1


def test_what_is_no_picture_is_refused() -> None:
    for wrong in (PICTURES[3], PICTURES[3][0].astype("f"), PICTURES[1][0]):
        with pytest.raises(ValueError, match=r"expected a picture \(h, w, c\) of bytes"):
            _core.recoloured(wrong, "hue", 0.1)
    with pytest.raises(ValueError, match="unknown change 'colour'"):
        _core.recoloured(PICTURES[3][0], "colour", 0.1)
    assert _core.recoloured(np.zeros((0, 4, 3), np.uint8), "contrast", 2.0).shape == (0, 4, 3)


CHAINS = {
    "contrast": [T.RandomContrast(0.8), T.ToTensor()],
    "saturation": [T.RandomSaturation(0.9)],
    "grey": [T.RandomGray(0.4), T.ToTensor()],
    "between cuts": [
        T.RandomFlipLeftRight(), T.RandomCrop((5, 4), pad=2, pad_value=9), T.RandomContrast(0.5),
        T.RandomBrightness(0.5), T.RandomFlipTopBottom(), T.RandomSaturation(0.5), T.CenterCrop((3, 3)), T.ToTensor(),
    ],
    "jitter": [T.RandomColorJitter(0.4, 0.4, 0.4), T.RandomFlipLeftRight(), T.ToTensor(), T.Normalize(0.5, 0.2)],
    "two of them": [T.RandomColorJitter(0.4), T.RandomColorJitter(contrast=0.4, saturation=0.2), T.RandomColorJitter()],
}  # fmt: skip
OF_COLOURS = {
    "hue": [T.RandomHue(0.3), T.ToTensor()],
    "light": [T.RandomFlipLeftRight(), T.RandomLighting(0.6), T.ToTensor()],
    "all": [T.RandomFlipLeftRight(), T.RandomColorJitter(0.4, 0.4, 0.4, 0.2), T.RandomGray(0.2), T.ToTensor()],
}


def _both_ways(data: Any, **words: Any) -> None:
    assert planned(data) is not None
    ways = [list(gdata.DataLoader(d, 5, shuffle=True, seed=3, **words)) for d in (data, Hidden(data))]
    for (a, b), (c, d) in zip(*ways, strict=True):
        assert a.dtype == c.dtype and a.asnumpy().tobytes() == c.asnumpy().tobytes() and b.tolist() == d.tolist()


@pytest.mark.parametrize(
    ("name", "channels"), [*((n, c) for n in CHAINS for c in (1, 2, 3)), *((n, 3) for n in OF_COLOURS)]
)
def test_one_call_gives_what_sample_by_sample_gives(name: str, channels: int) -> None:
    chain = T.Compose((CHAINS | OF_COLOURS)[name])
    data = gdata.ArrayDataset(PICTURES[channels], np.arange(23)).transform_first(chain)
    _both_ways(data)
    _both_ways(Strengthened(data, 0.6), num_workers=2)


def test_a_hue_without_colours_says_so() -> None:
    data = gdata.ArrayDataset(PICTURES[1], np.arange(23)).transform_first(T.RandomHue(0.3))
    assert planned(data) is None
    with pytest.raises(RuntimeError, match=r"RandomHue: expected an image \(h, w, 3\)"):
        next(iter(gdata.DataLoader(data, 5)))


def test_pictures_of_floats_are_changed_as_before() -> None:
    image = RNG.random((4, 5, 3)).astype(np.float32)
    for transform in (T.RandomContrast(0.5), T.RandomSaturation(0.5), T.RandomHue(0.5), T.RandomGray(1.0)):
        made = transform(image)
        assert made.dtype == np.float32 and made.shape == image.shape and not np.array_equal(made, image)

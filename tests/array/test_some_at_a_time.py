"""Calls on large arrays that are done some lines or places at a time give what NumPy gives, and small ones do."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from dlcore import autograd
from dlcore import np as D

draw = np.random.default_rng(0)
WAVES = draw.normal(size=(130, 60, 70)) + 1j * draw.normal(size=(130, 60, 70))
PLACES = draw.normal(size=(11, 9091)) * 4
POINTS = np.linspace(-3, 3, 50)
ROWS = draw.normal(size=(300, 200, 3))


@pytest.mark.parametrize("name", ["fftn", "ifftn"])
@pytest.mark.parametrize("axes", [None, (0, 1), (2, 0), (1,)])
def test_transforms_of_several_axes(name: str, axes: Any) -> None:
    x = D.array(WAVES)
    for norm in ("backward", "ortho", "forward"):
        want = getattr(np.fft, name)(WAVES, axes=axes, norm=norm)
        np.testing.assert_allclose(getattr(D.fft, name)(x, axes=axes, norm=norm).asnumpy(), want, rtol=1e-9, atol=1e-11)
    np.testing.assert_array_equal(x.asnumpy(), WAVES)  # what was given is never written to


def test_transforms_of_real_numbers() -> None:
    x, real = D.array(WAVES.real), WAVES.real
    for axis in range(3):
        for n in (None, 50):
            for name in ("fft", "ifft", "rfft"):
                want = getattr(np.fft, name)(real, n, axis)
                np.testing.assert_allclose(getattr(D.fft, name)(x, n, axis).asnumpy(), want, rtol=1e-9, atol=1e-11)
    np.testing.assert_allclose(D.fft.irfftn(D.fft.rfftn(x)).asnumpy(), real, rtol=1e-9, atol=1e-11)
    for bad in ({"norm": "other"}, {"n": 0}):
        with pytest.raises(ValueError, match="norm must be|at least 1 point"):
            D.fft.fft(x, **bad)
    with pytest.raises(IndexError, match="axis 3 is out of range"):
        D.fft.fft(x, axis=3)


def test_interp() -> None:
    x, xp, fp = (D.array(v) for v in (PLACES, POINTS, np.sin(POINTS)))
    hows: tuple[dict[str, Any], ...] = ({}, {"left": -9.0, "right": 9.0}, {"period": 5.0})
    for how in hows:
        found = D.interp(x, xp, fp, **how)
        np.testing.assert_allclose(found.asnumpy(), np.interp(PLACES, POINTS, np.sin(POINTS), **how), rtol=1e-9)
        x.attach_grad()
        with autograd.record():
            whole = D.interp(x, xp, fp, **how)
        np.testing.assert_array_equal(found.asnumpy(), whole.asnumpy())
        x = x.detach()


def test_masks_of_some_or_all_axes() -> None:
    x = D.array(ROWS)
    for chosen in (ROWS > 0, ROWS[..., 0] > 0, ROWS[:, 0, 0] > 0, ROWS > 9, ROWS[..., 0] > 9, ROWS < 9):
        np.testing.assert_array_equal(x[D.array(chosen)].asnumpy(), ROWS[chosen])
        with autograd.record():
            np.testing.assert_array_equal(x[D.array(chosen)].asnumpy(), ROWS[chosen])
    across = D.array((ROWS > 0).T).T
    np.testing.assert_array_equal(x[across].asnumpy(), ROWS[ROWS > 0])
    np.testing.assert_array_equal(x.T[across.T].asnumpy(), ROWS.T[(ROWS > 0).T])
    none = D.zeros((0, 4))
    assert none[D.zeros((0,), dtype="bool")].shape == (0, 4)
    assert x[D.zeros(ROWS.shape, dtype="bool")].shape == (0,)

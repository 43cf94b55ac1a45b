"""Spectrograms, mel bands and cepstral coefficients."""

from __future__ import annotations

from typing import Any

import numpy as np

from dlcore import _core


def _given(sound: Any) -> tuple[np.ndarray, bool]:
    if hasattr(sound, "asnumpy"):
        return sound.asnumpy(), True
    return np.asarray(sound), False


def _back(array: np.ndarray, wrap: bool) -> Any:
    array = np.ascontiguousarray(array, np.float32)
    return _core.from_numpy(array) if wrap else array


def spectrogram(sound: Any, window: int = 512, step: int | None = None, power: float = 2.0) -> Any:
    """How much of each frequency there is at each time: (..., samples) to (..., window / 2 + 1, frames) float32.

    Frames of `window` samples under a Hann window, `step` apart (a quarter of the window unless given), the sound
    mirrored at both ends so that frame k is centred at sample k * step. power: 2 for energies, 1 for magnitudes.

    >>> spectrogram(np.ones(1024), window=64).shape
    (33, 65)
    """
    samples, wrap = _given(sound)
    step = window // 4 if step is None else step
    if window < 2 or window % 2 or step < 1:
        raise ValueError(f"spectrogram: expected an even window and a step of at least 1, got {window} and {step}")
    if samples.ndim < 1 or samples.shape[-1] <= window // 2:
        raise ValueError(f"spectrogram: expected more than {window // 2} samples, got shape {samples.shape}")
    half = [(0, 0)] * (samples.ndim - 1) + [(window // 2, window // 2)]
    padded = np.pad(samples.astype(np.float32), half, mode="reflect")
    frames = np.lib.stride_tricks.sliding_window_view(padded, window, axis=-1)[..., ::step, :]
    hann = (0.5 - 0.5 * np.cos(2 * np.pi * np.arange(window) / window)).astype(np.float32)
    size = np.abs(np.fft.rfft(frames * hann))
    return _back(np.moveaxis(size**power, -1, -2), wrap)


def _to_mel(frequency: Any) -> Any:
    return 2595.0 * np.log10(1.0 + np.asarray(frequency) / 700.0)


def mel_filters(bands: int, window: int, rate: float, low: float = 0.0, high: float | None = None) -> np.ndarray:
    """Triangles, evenly spaced on the mel scale, as (bands, window / 2 + 1); each covers an area of one hertz.

    Source: S. Stevens, J. Volkmann and E. Newman, 1937, in the form mel = 2595 log10(1 + f / 700) of D. O'Shaughnessy.

    >>> mel_filters(4, 64, rate=8000).shape
    (4, 33)
    """
    high = rate / 2 if high is None else high
    if not 0 <= low < high <= rate / 2 or bands < 1:
        raise ValueError(f"mel_filters: expected 0 <= low < high <= {rate / 2:g}, got {low:g} and {high:g}")
    mels = np.linspace(_to_mel(low), _to_mel(high), bands + 2)
    edges = 700.0 * (10.0 ** (mels / 2595.0) - 1.0)
    places = np.arange(window // 2 + 1) * rate / window
    up = (places - edges[:-2, None]) / (edges[1:-1] - edges[:-2])[:, None]
    down = (edges[2:, None] - places) / (edges[2:] - edges[1:-1])[:, None]
    area = 2.0 / (edges[2:] - edges[:-2])
    return (np.maximum(np.minimum(up, down), 0.0) * area[:, None]).astype(np.float32)


def mel_spectrogram(
    sound: Any,
    rate: float,
    bands: int = 80,
    window: int = 512,
    step: int | None = None,
    low: float = 0.0,
    high: float | None = None,
    decibels: bool = False,
) -> Any:
    """A spectrogram summed up in mel bands: (..., samples) to (..., bands, frames) float32.

    decibels: ten times the decimal logarithm, nothing below 80 dB under the loudest.

    >>> mel_spectrogram(np.ones(1024), rate=8000, bands=10, window=64).shape
    (10, 65)
    """
    samples, wrap = _given(sound)
    energy = mel_filters(bands, window, rate, low, high) @ spectrogram(samples, window, step)
    if decibels:
        energy = 10.0 * np.log10(np.maximum(energy, 1e-10))
        energy = np.maximum(energy, energy.max() - 80.0)
    return _back(energy, wrap)


def mfcc(sound: Any, rate: float, count: int = 13, bands: int = 40, **options: Any) -> Any:
    """Mel-frequency cepstral coefficients: (..., samples) to (..., count, frames) float32.

    The orthonormal cosine transform of the mel bands in decibels (Davis and Mermelstein, 1980). options: those of
    `mel_spectrogram`.

    >>> mfcc(np.ones(1024), rate=8000, window=64, bands=20).shape
    (13, 65)
    """
    if not 1 <= count <= bands:
        raise ValueError(f"mfcc: expected a count from 1 to {bands}, got {count}")
    samples, wrap = _given(sound)
    mel = mel_spectrogram(samples, rate, bands, decibels=True, **options)
    k, n = np.arange(count)[:, None], np.arange(bands)
    basis = np.cos(np.pi * k * (2 * n + 1) / (2 * bands)) * np.sqrt(np.where(k == 0, 1, 2) / bands)
    return _back(basis @ mel, wrap)

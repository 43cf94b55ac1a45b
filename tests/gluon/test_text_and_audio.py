"""Vocabularies, windows of a text, and features of sound against SciPy."""

from collections import Counter

import numpy as np
import pytest
import scipy.fft
import scipy.signal

import dlcore as dl
from dlcore.gluon.data import DataLoader, audio, text


def test_numbers_go_by_frequency_then_alphabet(tmp_path):
    v = text.Vocabulary(Counter({"b": 3, "a": 3, "c": 9, "rare": 1}), min_count=2, special=["<pad>", "<eos>"])
    assert [v.token(k) for k in range(len(v))] == ["<unk>", "<pad>", "<eos>", "c", "a", "b"]
    assert v.encode(["c", "rare", "<pad>"]) == [3, 0, 1] and v.decode(dl.nd.array([4, 3])) == ["a", "c"]
    assert "rare" not in v and len(text.Vocabulary("aabbbc", size=2)) == 3
    v.save(tmp_path / "v.json")
    again = text.Vocabulary.load(tmp_path / "v.json")
    assert again.decode(range(6)) == v.decode(range(6)) and again["rare"] == 0
    closed = text.Vocabulary("ab", unknown=None)
    assert closed["a"] == 0
    with pytest.raises(KeyError, match="'z' is not among the 2"):
        closed["z"]
    with pytest.raises(IndexError, match="from 0 to 1, got 2"):
        closed.token(2)
    for content in ("[]", "{", '{"tokens": ["a", "a"], "unknown": null}', '{"tokens": ["a"], "unknown": "b"}'):
        (tmp_path / "bad.json").write_text(content)
        with pytest.raises(ValueError, match=r"bad.json: "):
            text.Vocabulary.load(tmp_path / "bad.json")


def test_windows_of_a_text_are_batched_at_once():
    tokens = np.arange(23)
    data = text.LanguageModelDataset(tokens, 5)
    assert len(data) == 4
    for x, y in DataLoader(data, 4):
        assert x.asnumpy().tolist() == [list(range(k, k + 5)) for k in (0, 5, 10, 15)]
        assert (y.asnumpy() == x.asnumpy() + 1).all() and x.dtype == np.int32
    assert [int(d[0][0]) for d in text.LanguageModelDataset(tokens, 5, stride=9)] == [0, 9]
    with pytest.raises(ValueError, match="a length from 1 to 22, got 23"):
        text.LanguageModelDataset(tokens, 23)
    with pytest.raises(ValueError, match=r"whole numbers \(n,\), got \(2,\) of float64"):
        text.LanguageModelDataset([0.5, 1.0], 1)


def test_spectrograms_are_those_of_scipy():
    sound = np.random.default_rng(0).normal(size=(2, 4000)).astype(np.float32)
    found = audio.spectrogram(sound, window=256, step=64)
    hann = scipy.signal.get_window("hann", 256)
    padded = np.pad(sound, [(0, 0), (128, 128)], mode="reflect")
    expected = [
        [np.abs(np.fft.rfft(row[k : k + 256] * hann)) ** 2 for k in range(0, padded.shape[1] - 255, 64)]
        for row in padded
    ]
    np.testing.assert_allclose(found, np.moveaxis(np.array(expected), -1, -2), rtol=1e-3, atol=1e-3)
    array = audio.spectrogram(dl.nd.array(sound), window=256, step=64)
    np.testing.assert_array_equal(array.asnumpy(), found)


def test_mel_bands_find_a_tone_and_cover_every_frequency_alike():
    rate, tone = 8000, 1000.0
    sound = np.sin(2 * np.pi * tone * np.arange(rate) / rate)
    mel = audio.mel_spectrogram(sound, rate, bands=30, window=512)
    edges = 700 * (10 ** (np.linspace(0, 2595 * np.log10(1 + 4000 / 700), 32) / 2595) - 1)
    loudest = int(mel.mean(1).argmax())
    assert edges[loudest] < tone < edges[loudest + 2]
    filters = audio.mel_filters(10, 2048, rate)
    np.testing.assert_allclose(filters.sum(1) * rate / 2048, 1.0, rtol=0.02)
    quiet = audio.mel_spectrogram(sound, rate, decibels=True)
    assert quiet.max() - quiet.min() <= 80.001


def test_cepstral_coefficients_are_the_cosine_transform_of_the_bands():
    sound = np.random.default_rng(1).normal(size=4000)
    mel = audio.mel_spectrogram(sound, 8000, 40, decibels=True)
    expected = scipy.fft.dct(mel, axis=0, norm="ortho")[:13]
    np.testing.assert_allclose(audio.mfcc(sound, 8000), expected, rtol=1e-4, atol=1e-3)


@pytest.mark.parametrize(
    ("call", "match"),
    [
        (lambda: audio.spectrogram(np.ones(10), window=64), r"more than 32 samples, got shape \(10,\)"),
        (lambda: audio.spectrogram(np.ones(100), window=7), "an even window .* got 7 and 1"),
        (lambda: audio.mel_filters(4, 64, 8000, high=5000), "high <= 4000, got 0 and 5000"),
        (lambda: audio.mfcc(np.ones(1000), 8000, count=50), "a count from 1 to 40, got 50"),
    ],
)
def test_what_does_not_fit_is_named(call, match):
    with pytest.raises(ValueError, match=match):
        call()

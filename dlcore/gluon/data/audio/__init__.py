"""Sound as features: spectrograms and mel bands.

What lives here: `spectrogram`, `mel_filters`, `mel_spectrogram`, `mfcc`, on NumPy arrays or NDArrays of samples.
What must not: reading of sound files, networks.

>>> import numpy as np
>>> sound = np.sin(2 * np.pi * 440 * np.arange(8000) / 8000).astype("float32")
>>> mel_spectrogram(sound, rate=8000, bands=20).shape
(20, 63)
"""

from dlcore import _answers

from ._features import mel_filters, mel_spectrogram, mfcc, spectrogram

__all__ = ["mel_filters", "mel_spectrogram", "mfcc", "spectrogram"]

_answers.guard(__name__, __all__)

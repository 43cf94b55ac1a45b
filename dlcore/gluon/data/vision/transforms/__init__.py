"""Image transforms: ToTensor, Normalize, Cast, Compose; cropping and sizing; random ones for training.

Each takes one image (h, w, c), or a stack of them where that makes sense, as NDArray or NumPy array, and gives back the
same kind. `batch` is the form for a whole NumPy batch that `DataLoader` uses; a transform without it, a random one for
instance, is applied image by image. Random ones draw from `dlcore.random.seed`; inside a `DataLoader` the same numbers
for the same seed, epoch and sample, with any number of threads.
What must not: data sets (see `dlcore.gluon.data.vision`), decoding of files (see `dlcore.io`).

>>> import numpy as np
>>> to_network = Compose([ToTensor(), Normalize(0.13, 0.31)])
>>> to_network(np.zeros((28, 28, 1), np.uint8)).shape
(1, 28, 28)
"""

from dlcore import _answers

from ._basic import Cast, Compose, Normalize, ToTensor, Transform
from ._colour import (
    RandomBrightness,
    RandomColorJitter,
    RandomContrast,
    RandomGray,
    RandomHue,
    RandomLighting,
    RandomSaturation,
)
from ._crop import CenterCrop, CropResize, RandomCrop, RandomErasing, RandomResizedCrop, Resize
from ._mix import mixup
from ._turn import RandomApply, RandomFlipLeftRight, RandomFlipTopBottom, RandomRotation, Rotate

__all__ = [
    "Cast",
    "CenterCrop",
    "Compose",
    "CropResize",
    "Normalize",
    "RandomApply",
    "RandomBrightness",
    "RandomColorJitter",
    "RandomContrast",
    "RandomCrop",
    "RandomErasing",
    "RandomFlipLeftRight",
    "RandomFlipTopBottom",
    "RandomGray",
    "RandomHue",
    "RandomLighting",
    "RandomResizedCrop",
    "RandomRotation",
    "RandomSaturation",
    "Resize",
    "Rotate",
    "ToTensor",
    "Transform",
    "mixup",
]

_answers.guard(__name__, __all__)

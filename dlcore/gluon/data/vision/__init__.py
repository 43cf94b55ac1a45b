"""Image sets (MNIST, FashionMNIST, CIFAR10, CIFAR100, folders and record files of images) and `transforms`.

What lives here: finding, fetching and reading the files of known image sets; `_sources.py` lists them as data.
What must not: anything that fetches a set nobody asked for.
`subset/` holds 10,000 real MNIST and 750 FashionMNIST images for machines without a network; README files there say
where they come from.
"""

from dlcore import _answers
from dlcore._hints import names_of

from . import transforms
from ._cifar import CIFAR10, CIFAR100
from ._images import ImageFolderDataset, ImageRecordDataset
from ._mnist import MNIST, FashionMNIST

__all__ = [
    "CIFAR10",
    "CIFAR100",
    "MNIST",
    "FashionMNIST",
    "ImageFolderDataset",
    "ImageRecordDataset",
    "transforms",
]

__getattr__ = names_of(__name__, __all__)
_answers.guard(__name__, __all__)

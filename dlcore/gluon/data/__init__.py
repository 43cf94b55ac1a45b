"""Data: datasets, samplers, batchify functions, the DataLoader; images in `vision`, `text`, sound in `audio`.

What lives here: everything between files or arrays on the host and batches of NDArrays.
What must not: file formats and fetching (see `dlcore.io`), training loops (see `dlcore.run`).
"""

from dlcore import _answers
from dlcore._hints import names_of

from . import audio, batchify, text, vision
from ._dataset import ArrayDataset, Dataset, SimpleDataset
from ._loader import DataLoader
from ._record import RecordFileDataset
from ._sampler import (
    BatchSampler,
    FilterSampler,
    IntervalSampler,
    RandomSampler,
    Sampler,
    SequentialSampler,
)

__all__ = [
    "ArrayDataset",
    "BatchSampler",
    "DataLoader",
    "Dataset",
    "FilterSampler",
    "IntervalSampler",
    "RandomSampler",
    "RecordFileDataset",
    "Sampler",
    "SequentialSampler",
    "SimpleDataset",
    "audio",
    "batchify",
    "text",
    "vision",
]

__getattr__ = names_of(__name__, __all__)
_answers.guard(__name__, __all__)

"""Files (atomic writes, safetensors, IDX images, checksummed downloads) and MXNet's data iterators.

What lives here: reading and writing of data that leaves the process, and `DataIter` with its kinds, which give data in
batches. Nothing here loads a pickle, and nothing is fetched unless the caller names what to fetch. A new file format
or iterator goes into a private file of its own.
What must not: datasets and loaders (see `dlcore.gluon.data`), weights of a network (see `dlcore.gluon`).
"""

from dlcore import _answers
from dlcore._folders import cache_dir

from . import recordio
from ._atomic import atomic_write
from ._download import download, reachable, sha256_of
from ._file_iters import CSVIter, MNISTIter
from ._idx import read_idx, write_idx
from ._image import decode_image, encode_image, resize_image
from ._image_iter import ImageDetRecordIter, ImageRecordInt8Iter, ImageRecordIter, ImageRecordUInt8Iter
from ._iterators import DataBatch, DataDesc, DataIter
from ._libsvm_iter import LibSVMIter
from ._ndarray_iter import NDArrayIter
from ._npm import npm_pack
from ._prefetching_iter import PrefetchingIter
from ._resize_iter import ResizeIter
from ._safetensors import load_arrays, load_metadata, save_arrays

__all__ = [
    "CSVIter",
    "DataBatch",
    "DataDesc",
    "DataIter",
    "ImageDetRecordIter",
    "ImageRecordInt8Iter",
    "ImageRecordIter",
    "ImageRecordUInt8Iter",
    "LibSVMIter",
    "MNISTIter",
    "NDArrayIter",
    "PrefetchingIter",
    "ResizeIter",
    "atomic_write",
    "cache_dir",
    "decode_image",
    "download",
    "encode_image",
    "load_arrays",
    "load_metadata",
    "npm_pack",
    "reachable",
    "read_idx",
    "recordio",
    "resize_image",
    "save_arrays",
    "sha256_of",
    "write_idx",
]

_answers.guard(__name__, __all__)

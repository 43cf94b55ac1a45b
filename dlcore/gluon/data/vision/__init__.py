"""Image sets (MNIST, FashionMNIST) and `transforms`.

What lives here: finding, fetching and reading the files of known image sets; `_sources.py` lists them as data.
What must not: anything that fetches a set nobody asked for.
`subset/` holds 10,000 real MNIST and 750 FashionMNIST images for machines without a network; README files there say
where they come from.
"""

from . import transforms
from ._mnist import MNIST, FashionMNIST

__all__ = ["MNIST", "FashionMNIST", "transforms"]

"""`mxnet.engine`: calls run one after the other here, so there is nothing to put into bulks.

>>> with bulk(10):
...     pass
"""

from collections.abc import Iterator
from contextlib import contextmanager

__all__ = ["bulk", "set_bulk_size"]


def set_bulk_size(size: int) -> int:
    """Changes nothing and gives 0, the size before: `hybridize()` is what joins operators.

    >>> set_bulk_size(15)
    0
    """
    return 0


@contextmanager
def bulk(size: int) -> Iterator[None]:
    """Changes nothing: `hybridize()` is what joins operators."""
    yield

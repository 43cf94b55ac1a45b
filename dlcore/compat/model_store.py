"""`mxnet.gluon.model_zoo.model_store`: where trained weights were fetched from. None are offered here.

>>> get_model_file("resnet18_v1")
Traceback (most recent call last):
FileNotFoundError: resnet18_v1: no trained weights are offered; load your own file with net.load_parameters
"""

from __future__ import annotations

from typing import Any

__all__ = ["get_model_file", "purge"]

_model_sha1: dict[str, str] = {}  # libraries write the sums of their own files here


def get_model_file(name: str, root: Any = None) -> str:
    """FileNotFoundError that says what to do instead.

    >>> get_model_file("lstm")
    Traceback (most recent call last):
    FileNotFoundError: lstm: no trained weights are offered; load your own file with net.load_parameters
    """
    raise FileNotFoundError(f"{name}: no trained weights are offered; load your own file with net.load_parameters")


def purge(root: Any = None) -> None:
    """Nothing to remove: nothing is kept.

    >>> purge()
    """

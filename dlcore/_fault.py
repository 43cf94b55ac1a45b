"""What is raised where only a fault of dlcore itself can lead. This module stands left of every room."""

from __future__ import annotations


def own_fault(said: str) -> RuntimeError:
    """An error that no call is to blame for; `make messages` knows it by this name and asks no test to provoke it.

    >>> str(own_fault("plan: two values in one place"))
    'plan: two values in one place; this is a fault of dlcore itself, please report it with the lines that led to it'
    """
    return RuntimeError(f"{said}; this is a fault of dlcore itself, please report it with the lines that led to it")

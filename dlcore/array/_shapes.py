"""The shape codes of MXNet's reshape."""

from __future__ import annotations

from collections.abc import Sequence

from .._kinds import shown


def classic_shape(old: tuple[int, ...], new: int | Sequence[int], reverse: bool = False) -> tuple[int, ...]:
    """Works out 0 (keep this axis), -2 (all that remain), -3 (join two) and -4 (split one in the next two numbers).

    For an array without numbers 0 means length 0, as in NumPy. -1 is left to the operator.

    >>> classic_shape((2, 3, 4), (0, -1))
    (2, -1)
    >>> classic_shape((2, 3, 4), (-3, 4))
    (6, 4)
    """
    try:
        codes = [new] if isinstance(new, int) else [int(n) for n in new]
    except (TypeError, ValueError):
        raise TypeError(f"reshape: shape must be whole numbers, got {shown(new)}") from None
    if all(n > 0 or n == -1 for n in codes) or 0 in old:
        return tuple(codes)
    if reverse:
        return classic_shape(old[::-1], codes[::-1])[::-1]
    out: list[int] = []
    at = 0
    codes_left = iter(codes)
    for code in codes_left:
        if code == -2:
            out += old[at:]
            at = len(old)
        elif code == -3:
            _need(old, new, at + 2)
            out.append(old[at] * old[at + 1])
            at += 2
        elif code == -4:
            _need(old, new, at + 1)
            first, second = next(codes_left), next(codes_left)
            first = old[at] // second if first == -1 else first
            out += [first, old[at] // first if second == -1 else second]
            at += 1
        elif code == 0:
            _need(old, new, at + 1)
            out.append(old[at])
            at += 1
        else:
            out.append(code)
            at += 1
    return tuple(out)


def _need(old: tuple[int, ...], new: int | Sequence[int], count: int) -> None:
    if count > len(old):
        raise ValueError(f"reshape: the codes {new} ask for more axes than shape {old} has")

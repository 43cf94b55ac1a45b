"""`update` inside a function that is compiled: what may be done there, and errors that say which metric did more."""

from __future__ import annotations

import copy
import functools
from collections.abc import Callable
from typing import Any

import numpy as np

from dlcore import _core
from dlcore.graph._untraceable import user_line
from dlcore.ops import F

from ._sums import LATER, Sum, place, refused

OFFER = f"inside a compiled function update may add arrays to self.sum_metric and self.num_inst, no more;\n  {LATER}"
_OWN = ("_arrays", "_device")


def followed(update: Callable[..., None]) -> Callable[..., None]:
    """`update` of a class of metrics, held to what a compiled function can do when it is called in one."""

    @functools.wraps(update)
    def call(self: Any, *args: Any, **kwargs: Any) -> None:
        if _core.is_tracing():
            _traced(update, self, args, kwargs)
        else:
            update(self, *args, **kwargs)

    return call


def as_array(values: Any) -> Any:
    """Labels or predictions as an array that operators take."""
    return values if isinstance(values, _core.NDArray) else _core.from_numpy(np.array(values))


def true_of(mask: Any) -> tuple[Any, Any]:
    """How many are true, and of how many: from the elements alone, so that programs for other sizes follow from it."""
    true, false = (F.sum(F.cast(m, "float64")) for m in (mask, F.logical_not(mask)))
    return true, F.add(true, false)


def count_of(values: Any) -> Any:
    """How many elements there are."""
    return true_of(F.equal(values, values))[1]


def wrong_if_negative(classes: Any, size: int) -> Any:
    """Classes in which a negative one is out of range, instead of counting from the end."""
    return F.where(F.less(classes, 0), F.subtract(classes, size), classes)


def _traced(update: Callable[..., None], metric: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> None:
    place(metric, _device_of([*args, *kwargs.values()]))
    before, recording = _seen(metric), _core.set_recording(False)
    _core.push_scope(f"metric {metric.name}")
    try:
        update(metric, *args, **kwargs)
        changed = [name for name, now in _seen(metric).items() if name not in before or not _same(now, before[name])]
        if changed:
            raise refused(
                metric, f"its update changes {changed[0]!r}, which would happen once, not at every run", OFFER
            )
    except BaseException as error:
        _put_back(metric, before)
        if isinstance(error, _core.TraceError) and not str(error).startswith("metric "):
            why = "its update looks at values, which a compiled function has only once it runs"
            raise refused(metric, f"{why}{user_line(error.__traceback__)}", OFFER) from error
        raise
    finally:
        _core.pop_scope()
        _core.set_recording(recording)


def _device_of(given: list[Any]) -> str:
    """Where the first array is among arguments that are arrays or lists of them."""
    inside = [a for part in given for a in (part if isinstance(part, (list, tuple)) else [part])]
    return next((a._device for a in inside if isinstance(a, _core.NDArray)), "cpu(0)")


def _seen(metric: Any) -> dict[str, tuple[Any, Any]]:
    """The attributes of a metric other than its sums, each with a copy of what is in it."""
    kinds = (list, dict, set, np.ndarray)
    kept = (
        name for name in vars(metric) if name not in _OWN and not isinstance(getattr(type(metric), name, None), Sum)
    )
    own = {name: metric.__dict__[name] for name in kept}
    return {name: (value, copy.copy(value) if isinstance(value, kinds) else value) for name, value in own.items()}


def _same(now: tuple[Any, Any], before: tuple[Any, Any]) -> bool:
    """Whether an attribute is what it was, with the same things in it."""
    (one, inside), (other, content) = now, before
    if type(one) is not type(other):
        return False
    if isinstance(one, np.ndarray):
        return one is other and np.array_equal(inside, content)
    if isinstance(one, (list, dict, set)):
        return one is other and list(map(id, _parts(inside))) == list(map(id, _parts(content)))
    return one is other or (isinstance(one, (bool, int, float, str)) and one == other)


def _parts(holder: Any) -> list[Any]:
    return [*holder, *holder.values()] if isinstance(holder, dict) else list(holder)


def _put_back(metric: Any, before: dict[str, tuple[Any, Any]]) -> None:
    for name in set(_seen(metric)) - set(before):
        del metric.__dict__[name]
    for name, (value, content) in before.items():
        metric.__dict__[name] = value
        if isinstance(value, np.ndarray) and value.flags.writeable:
            value[...] = content
        elif isinstance(value, list):
            value[:] = content
        elif isinstance(value, (dict, set)):
            value.clear()
            value.update(content)

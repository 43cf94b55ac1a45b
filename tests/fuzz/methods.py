"""Wrong calls of the methods of every public class: what `public.py` is for functions, for what objects can do.

Of each class the first object that its own example makes is taken, else one is made from its signature. A method that
several classes share is called on one of them. Signs, x[key] and obj(...) are methods too. Judged in a child.
"""

from __future__ import annotations

import contextlib
import doctest
import functools
import inspect
import io
import sys
import warnings
from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

import numpy as np
from fuzz import objects
from fuzz.public import EXCUSED, Public, calls, fault, isolated, public, small, wrong

import dlcore as dl
from dlcore.ops import RECORDS

SIGNS = """__getitem__ __setitem__ __add__ __radd__ __iadd__ __sub__ __mul__ __truediv__ __floordiv__ __mod__ __pow__
    __matmul__ __and__ __lshift__ __lt__""".split()
# What a subclass defines for others to call -> who calls it, and looks at what it is given.
HOOKS = {
    "forward": "A block: net(x).",
    "hybrid_forward": "A block: net(x).",
    "infer_shape": "A block, at its first call.",
    "rule": "Optimizer.update.",
    "apply": "Optimizer.update.",
    "call": "Optimizer.update.",
    "place": "Trainer, when it moves what an optimizer keeps.",
    "measure": "EvalMetric.update.",
    "value": "EvalMetric.get.",
    "error": "EvalMetric.update.",
    "append": "A run, for every number that it logs.",
    "due": "A run, every step.",
    "decayed": "A schedule: schedule(n).",
    "take_batch": "DataLoader.",
}
# Methods that nobody calls wrongly here -> why.
SPARED = {
    "graph.CachedOp.__call__": "It hands on what it is given to the caller's own function.",
    "graph.CachedOp.program": "It hands on what it is given to the caller's own function.",
    "graph.Compiled.profile": "jit and hybridize look at arguments before.",
    "graph.Compiled.run": "Every step runs through it; jit and hybridize look at arguments before.",
    "graph.GraphFunction.__call__": "Every step runs through it; jit and hybridize look at arguments before.",
}
# Classes of which no object is made here -> why.
UNMADE = {
    "autograd.Function": "Its methods are the caller's own.",
    "comm.MPICommunicator": "It needs processes that mpiexec started.",
    "comm.NCCLCommunicator": "It needs several GPUs.",
    "gluon.data.Dataset": "Its methods are the caller's own.",
    "gluon.data.vision.transforms.RandomApply": "It calls a function of the caller's own.",
    "image.Augmenter": "Its methods are the caller's own.",
    "image.DetAugmenter": "Its methods are the caller's own.",
    "tune.Mark": "A base, which only says that a subclass must do the work.",
}
ARRAYS = [
    Public(cls.__name__, cls, (cls.__name__,))
    for cls in (dl.nd.NDArray, dl.nd.sparse.CSRNDArray, dl.nd.sparse.RowSparseNDArray)
]
# How objects are made where neither an example nor the signature of the class tells.
MAKERS: dict[str, Callable[[], Any]] = {
    "NDArray": lambda: dl.np.array([[1.0, 2.0], [3.0, 4.0]]),
    "CSRNDArray": lambda: dl.np.array([[1.0, 0.0], [0.0, 4.0]]).tostype("csr"),
    "RowSparseNDArray": lambda: dl.np.array([[1.0, 0.0], [0.0, 4.0]]).tostype("row_sparse"),
    "gluon.contrib.estimator.BatchProcessor": dl.gluon.contrib.estimator.BatchProcessor,
    "graph.Explanation": lambda: dl.graph.explain(dl.jit(lambda x: x + 1.0), dl.np.ones(2)),
}


class Method(NamedTuple):
    """A public method and the class that it is called on."""

    name: str  # "gluon.Trainer.step"
    home: Public
    attribute: str


def own(cls: type) -> Iterator[str]:
    """The names of its methods, those of its bases within the project included."""
    bases = [base for base in cls.__mro__ if base.__module__.startswith("dlcore")]
    for name in dict.fromkeys(name for base in bases for name in vars(base)):
        value = getattr(cls, name, None)
        public_ = name[0] != "_" or name in SIGNS or name == "__call__"
        if public_ and name not in HOOKS and callable(value) and not isinstance(value, type):
            yield name


@functools.cache
def methods() -> dict[str, list[Method]]:
    """Page of the reference -> the methods of its classes, each function once."""
    seen: set[int] = set()
    pages: dict[str, list[Method]] = {}
    for page, listed in {"arrays": ARRAYS, **public()}.items():
        for one in listed:
            if not isinstance(one.value, type) or one.name in EXCUSED.keys() | UNMADE.keys() | objects.BASES:
                continue
            for name in own(one.value):
                function = inspect.unwrap(inspect.getattr_static(one.value, name))
                function = getattr(function, "__func__", function)
                if id(function) not in seen and not operator(function):
                    seen.add(id(function))
                    pages.setdefault(page, []).append(Method(f"{one.name}.{name}", one, name))
    return pages


def operator(function: Any) -> bool:
    """Whether a method is an operator as it is: tests/ops/wording.py calls these wrongly."""
    return getattr(function, "__module__", "") == "dlcore.ops.F" and getattr(function, "__name__", "") in RECORDS


def made(one: Public) -> Any:
    """An object of the class: the first that its example makes, else one from its signature."""
    if one.name in MAKERS:
        return MAKERS[one.name]()
    found = from_example(one.value)
    return objects.made(one) if found is None else found


def from_example(cls: type) -> Any:
    found: list[Any] = []
    holder: Any = cls
    inner, own = holder.__init__, "__init__" in vars(cls)

    def record(self: Any, *args: Any, **kwargs: Any) -> None:
        inner(self, *args, **kwargs)
        found.append(self)

    scope = dict(vars(sys.modules[cls.__module__]))
    holder.__init__ = record
    try:
        for example in doctest.DocTestParser().get_examples(inspect.getdoc(cls) or ""):
            with contextlib.suppress(Exception), contextlib.redirect_stdout(io.StringIO()):
                exec(compile(example.source, cls.__name__, "single"), scope)  # noqa: S102  (our own documentation)
    finally:
        holder.__init__ = inner
        if not own:
            del holder.__init__
    return found[0] if found else None


def rows(call: Any, sign: bool) -> Iterator[tuple[tuple[Any, ...], dict[str, Any]]]:
    """Wrong arguments."""
    if sign:
        yield from (((value, 1.0)[: 1 + (call.__name__ == "__setitem__")], {}) for value in wrong())
        return
    try:
        inspect.signature(call)
    except (ValueError, TypeError):  # a function of the core
        for value in wrong():
            yield from (((value,), {}), ((value, value), {}), ((dl.np.ones(2), value), {}))
        yield (), {"no_such": 1}
        return
    for _, args, kwargs in calls(call):
        yield args, kwargs


def faults(method: Method) -> Iterator[str]:
    thing = made(method.home)
    call = getattr(thing, method.attribute)
    cls = method.home.value.__name__
    asked = (method.attribute, method.attribute.strip("_"), cls, *method.home.asked)
    for args, kwargs in rows(call, method.attribute in SIGNS):
        try:
            with contextlib.redirect_stdout(io.StringIO()), np.errstate(all="ignore"), warnings.catch_warnings():
                warnings.simplefilter("ignore")
                call(*args, **kwargs)
        except Exception as error:
            if found := fault(error, asked):
                yield f"{method.name}{small(args)} {kwargs or ''}: {found}: {type(error).__name__}: {error}"


def judge(page: str) -> str:
    """ "" where every wrong call of the methods of a page is answered as it should be, else what is not."""
    with isolated():
        return "\n".join(text for one in methods()[page] if one.name not in SPARED for text in faults(one))

"""dlcore.np against the array-API standard 2024.12: names, signatures, dtypes and mistakes as in array-api-strict."""

from __future__ import annotations

import inspect
import warnings
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest
from values import COMPLEX, REAL, STANDARD, UNSIGNED, WHOLE

from dlcore import np as xp

with warnings.catch_warnings():
    warnings.simplefilter("ignore")
    import array_api_strict as strict

    strict.set_array_api_strict_flags(api_version="2024.12")

# What array-api-strict has for itself, and what Python adds to a class (by its version).
OWN = {"ArrayAPIStrictFlags", "Device", "get_array_api_strict_flags", "set_array_api_strict_flags",
       "reset_array_api_strict_flags", "__version__"}  # fmt: skip
NAMES = sorted(set(strict.__all__) - OWN)
EXTENSIONS = [(room, name) for room in ("linalg", "fft") for name in sorted(getattr(strict, room).__all__)]


def functions() -> Iterator[tuple[str, Any]]:
    for name in NAMES:
        if inspect.isfunction(getattr(strict, name)):
            yield name, getattr(strict, name)
    for room, name in EXTENSIONS:
        value = getattr(getattr(strict, room), name)
        if inspect.isfunction(value):
            yield f"{room}.{name}", value


def ours(path: str) -> Any:
    found: Any = xp
    for part in path.split("."):
        found = getattr(found, part)
    return found


def test_every_name_is_here() -> None:
    missing = [n for n in NAMES if not hasattr(xp, n)]
    missing += [f"{room}.{name}" for room, name in EXTENSIONS if not hasattr(getattr(xp, room), name)]
    assert missing == []
    assert len(NAMES) > 150 and len(EXTENSIONS) > 30


FUNCTIONS = list(functions())


@pytest.mark.parametrize(("path", "theirs"), FUNCTIONS, ids=[f[0] for f in FUNCTIONS])
def test_signature_takes_every_call_of_the_standard(path: str, theirs: Any) -> None:
    """The positional arguments in order, each keyword by name; an argument that is optional there is so here."""
    here, there = inspect.signature(ours(path)), inspect.signature(theirs)
    kinds = inspect.Parameter
    required = [p for p in there.parameters.values() if p.default is kinds.empty]
    positional = [
        p for p in there.parameters.values() if p.kind in (kinds.POSITIONAL_ONLY, kinds.POSITIONAL_OR_KEYWORD)
    ]
    keyword = [p for p in there.parameters.values() if p.kind in (kinds.KEYWORD_ONLY, kinds.POSITIONAL_OR_KEYWORD)]
    least = [0 for p in required if p in positional]
    here.bind(*least, **{p.name: 0 for p in required if p.kind is kinds.KEYWORD_ONLY})
    here.bind(*[0] * len(positional), **{p.name: 0 for p in keyword if p.kind is kinds.KEYWORD_ONLY})
    here.bind(*[0] * sum(p.kind is kinds.POSITIONAL_ONLY for p in positional), **{p.name: 0 for p in keyword})
    for p in keyword:
        mine = here.parameters.get(p.name)
        if (
            p.default in (None, True, False, 0, 1, -1, 2, "xy", "left", "reduced", "fro", "backward")
            and mine is not None
        ):
            assert mine.default == p.default or p.name == "dtype" or p.default is None, (path, p.name, mine.default)


def test_dtypes_are_asked_about_as_in_the_standard() -> None:
    for name in STANDARD:
        assert getattr(xp, name) == np.dtype(name)
        for kind in ("bool", "signed integer", "unsigned integer", "integral", "real floating", "complex floating",
                     "numeric"):  # fmt: skip
            assert xp.isdtype(getattr(xp, name), kind) == strict.isdtype(getattr(strict, name), kind)
        assert xp.isdtype(xp.float32, (xp.float32, "bool"))
        for other in STANDARD:
            mixed = {"uint64"} & {name, other} and {name[0], other[0]} & {"i"}
            kinds = {np.dtype(n).kind for n in (name, other)}
            if mixed or (kinds & set("iu") and kinds & set("fc")) or ("b" in kinds and len(kinds) > 1):
                continue  # the standard leaves it open
            want = strict.result_type(getattr(strict, name), getattr(strict, other))
            assert xp.result_type(getattr(xp, name), getattr(xp, other)) == str(want).rpartition(".")[2]
            assert xp.can_cast(getattr(xp, name), getattr(xp, other)) == strict.can_cast(
                getattr(strict, name), getattr(strict, other))  # fmt: skip
    assert xp.result_type(xp.asarray([1], dtype="int8"), 3) == np.int8 and xp.result_type(xp.float32, 1j) == "complex64"
    for name in REAL + COMPLEX:
        mine, want = xp.finfo(getattr(xp, name)), np.finfo(name)
        assert (mine.bits, mine.eps, mine.max, mine.smallest_normal) == (
            want.bits, want.eps, want.max, want.smallest_normal)  # fmt: skip
        assert isinstance(mine.max, float) and mine.dtype == strict.finfo(getattr(strict, name)).dtype._np_dtype
    for name in WHOLE + UNSIGNED:
        assert (xp.iinfo(name).min, xp.iinfo(name).max) == (np.iinfo(name).min, np.iinfo(name).max)
    x = xp.ones((2,), dtype=xp.float32)
    assert xp.astype(x, xp.float32, copy=False) is x and xp.astype(x, xp.float32) is not x
    for name in STANDARD:
        if name[:3] != "com":
            assert xp.astype(x, getattr(xp, name), device=x.device).dtype == name


def test_inspection() -> None:
    info = xp.__array_namespace_info__()
    assert info.capabilities()["boolean indexing"] is True and info.capabilities()["data-dependent shapes"] is True
    assert info.capabilities()["max dimensions"] == 8
    with pytest.raises(ValueError, match="8"):
        xp.zeros((1,) * 9)
    assert info.default_device() == "cpu(0)" and info.devices()[0] == "cpu(0)"
    kinds = {"real floating": "float32", "complex floating": "complex64", "integral": "int64", "indexing": "int64"}
    assert info.default_dtypes() == kinds
    assert xp.asarray([1.0]).dtype == info.default_dtypes()["real floating"]
    assert set(info.dtypes()) == set(STANDARD) == set(strict.__array_namespace_info__().dtypes())
    for kind in ("bool", "integral", "real floating", ("integral", "bool")):
        assert set(info.dtypes(kind=kind)) == set(strict.__array_namespace_info__().dtypes(kind=kind))
    assert xp.__array_api_version__ == strict.__array_api_version__
    x = xp.ones(2)
    assert x.__array_namespace__() is xp and x.__array_namespace__(api_version="2024.12") is xp
    with pytest.raises(ValueError, match="2030.12"):
        x.__array_namespace__(api_version="2030.12")
    for name in ("pi", "e", "inf", "newaxis"):
        assert getattr(xp, name) == getattr(strict, name)
    assert np.isnan(xp.nan)


PYTHONS = {"__buffer__", "__weakref__", "__dict__", "__module__", "__annotations__", "__slots__",
           "__static_attributes__", "__firstlineno__"}  # fmt: skip


def test_array_object_has_every_attribute() -> None:
    want = {n for n in dir(strict.asarray([1.0])) if not n.startswith("_") or n.startswith("__")}
    have = set(dir(xp.asarray([1.0])))
    assert sorted(n for n in want - have if n not in PYTHONS) == []
    x = xp.ones((2, 3))
    assert x.mT.shape == (3, 2) and x.T.shape == (3, 2) and x.to_device(x.device) is x and x.ndim == 2 and x.size == 6


@pytest.mark.parametrize(
    ("call", "kind", "match"),
    [
        (lambda: xp.astype(xp.ones(2, dtype="complex64"), xp.float32), TypeError, "astype: complex64 to float32"),
        (lambda: xp.finfo(xp.int8), TypeError, "finfo: .*int8"),
        (lambda: xp.iinfo(xp.float32), TypeError, "iinfo: .*float32"),
        (lambda: xp.isdtype(xp.int8, "whole"), ValueError, "isdtype: .*'whole'"),
        (lambda: xp.result_type(), ValueError, "at least one"),
        (lambda: xp.nonzero(xp.ones(())), ValueError, "nonzero: a 0-d array"),
        (lambda: xp.searchsorted(xp.ones((2, 2)), 1.0), ValueError, r"searchsorted: .*\(2, 2\)"),
        (lambda: xp.searchsorted(xp.ones(2), 1.0, side="top"), ValueError, "side must be .*'top'"),
        (lambda: xp.where(xp.ones(2), 1.0), ValueError, "both x and y"),
        (lambda: xp.take(xp.ones(2), [2]), IndexError, "index 2 is out of range"),
        (lambda: xp.take(xp.ones((2, 2)), [0], axis=2), IndexError, r"axis 2 is out of range.*\(2, 2\)"),
        (lambda: xp.take_along_axis(xp.ones((2, 2)), [0]), ValueError, r"\(2, 2\) and \(1,\)"),
        (lambda: xp.repeat(xp.ones(2), [1, 2, 3]), ValueError, r"repeat: \(3,\) counts"),
        (lambda: xp.repeat(xp.ones(2), -1), ValueError, "at least 0, got -1"),
        (lambda: xp.tile(xp.ones(2), (-1,)), ValueError, "at least 0"),
        (lambda: xp.reshape(xp.ones((2, 3)).T, (6,), copy=False), ValueError, "without a copy"),
        (lambda: xp.reshape(xp.ones(2), (2, 1), order="Q"), ValueError, "order must be 'C', 'F' or 'A', got 'Q'"),
        (lambda: xp.reshape(xp.ones(2)), TypeError, "the new shape is missing"),
        (lambda: xp.unstack(xp.ones(())), IndexError, "axis 0 is out of range"),
        (lambda: xp.diff(xp.ones(3), n=-1), ValueError, "n must be at least 0, got -1"),
        (lambda: xp.linspace(0, 1, -1), ValueError, "num must be .*-1"),
        (lambda: xp.meshgrid(xp.ones(2), indexing="xi"), ValueError, "indexing must be .*'xi'"),
        (lambda: xp.moveaxis(xp.ones((2, 3)), 0, 2), IndexError, r"axis 2 is out of range.*\(2, 3\)"),
        (lambda: xp.moveaxis(xp.ones((2, 3)), (0, 1), 0), ValueError, "cannot be moved"),
        (lambda: xp.roll(xp.ones((2, 3)), 1, axis=2), IndexError, "axis 2 is out of range"),
        (lambda: xp.tensordot(xp.ones((2, 3)), xp.ones((2, 3)), axes=1), ValueError, r"\(2, 3\)"),
        (lambda: xp.tensordot(xp.ones((2, 3)), xp.ones((2, 3)), axes=3), ValueError, "3 axes"),
        (lambda: xp.tensordot(xp.ones(2), xp.ones(2), axes=((1,), (0,))), IndexError, "out of range"),
        (lambda: xp.broadcast_arrays(xp.ones(2), xp.ones(3)), ValueError, r"\(2,\), \(3,\)"),
        (lambda: xp.vecdot(xp.ones(()), xp.ones(3)), ValueError, r"shapes \(\) and \(3,\)"),
        (lambda: xp.matmul(xp.ones(()), xp.ones(3)), ValueError, "0-d"),
        (lambda: xp.squeeze(xp.ones((2, 1)), axis=0), ValueError, "axis"),
        (lambda: xp.max(xp.ones((0,))), ValueError, "zero-size"),
        (lambda: xp.unknown, AttributeError, "dlcore.np has no 'unknown'"),
    ],
)
def test_mistakes(call: Any, kind: type[Exception], match: str) -> None:
    with pytest.raises(kind, match=match):
        call()


def test_in_place_matrix_product() -> None:
    x = xp.asarray([[1.0, 2.0], [3.0, 4.0]])
    y = x
    y @= xp.asarray([[0.0, 1.0], [1.0, 0.0]])
    assert y is x and x.tolist() == [[2.0, 1.0], [4.0, 3.0]]
    with pytest.raises(ValueError, match=r"\(2, 1\) does not fit .*\(2, 2\)"):
        x @= xp.ones((2, 1))

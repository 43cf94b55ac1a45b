"""The type stub of the NDArray class, for editors and type checkers: `python -m dlcore.array.stub` writes _core.pyi.

The core's part stands below, the operators' methods come from the stanzas, the others from `_methods`. `--check` fails
if the stub in the tree is old.
"""

from __future__ import annotations

import inspect
import sys
from pathlib import Path

from ..ops import RECORDS, docs, functions
from ._methods import METHODS

STUB = Path(__file__).parent.with_name("_core.pyi")

_HEAD = '''\
"""Types of the compiled core; written by `python -m dlcore.array.stub`, not by hand."""

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np

ArrayLike = Any
DTypeLike = Any

def __getattr__(name: str) -> Any: ...

class NDArray:
'''
_CORE = """\
shape: tuple[int, ...]
dtype: np.dtype[Any]
ndim: int
size: int
itemsize: int
nbytes: int
strides: tuple[int, ...]
grad: Any
T: NDArray
mT: NDArray
real: NDArray
imag: NDArray
device: Any
ctx: Any
context: Any
stype: str
def attach_grad(self, grad_req: str = "write", stype: Any = None) -> None: ...
def backward(self, out_grad: Any = None, retain_graph: bool = False, train_mode: bool = True) -> None: ...
def detach(self) -> NDArray: ...
def asnumpy(self) -> np.ndarray[Any, Any]: ...
def item(self) -> Any: ...
def __bool__(self) -> bool: ...
def __int__(self) -> int: ...
def __float__(self) -> float: ...
def __index__(self) -> int: ...
def __len__(self) -> int: ...
def __iter__(self) -> Iterator[NDArray]: ...
def __contains__(self, value: Any) -> bool: ...
def __getitem__(self, key: Any) -> NDArray: ...
def __setitem__(self, key: Any, value: Any) -> None: ...
def __eq__(self, other: Any) -> Any: ...
def __ne__(self, other: Any) -> Any: ...
def __getattr__(self, name: str) -> Any: ...
__array_priority__: float
__array_ufunc__: Any
"""
_SIGNS = ("add sub mul truediv floordiv mod pow matmul and or xor lshift rshift").split()


def ndarray_stub() -> str:
    """The text of the stub.

    >>> "def relu(self" in ndarray_stub()
    True
    """
    lines = _CORE.splitlines()
    for sign in _SIGNS:
        lines += [f"def __{kind}{sign}__(self, other: Any) -> NDArray: ..." for kind in ("", "r", "i")]
    lines += [f"def __{sign}__(self, other: Any) -> NDArray: ..." for sign in ("lt", "le", "gt", "ge")]
    lines += [f"def __{sign}__(self) -> NDArray: ..." for sign in ("neg", "pos", "abs", "invert")]
    for record in RECORDS.values():
        if record.method and record.name not in METHODS:
            rest = [p.replace("NDArray | Sequence[NDArray]", "NDArray") for p in functions.parameters(record, True)[1:]]
            lines.append(f"def {record.name}({', '.join(['self', *rest])}) -> NDArray: ...")
    for name, method in METHODS.items():
        if not name.startswith("__"):
            lines += _definition(name, _parameters(method), _result(method))
    return _HEAD + "".join(f"    {line}\n" for line in lines)


def _definition(name: str, parameters: str, result: str) -> list[str]:
    """In one line, or as a formatter breaks one that is too long."""
    whole = f"def {name}({parameters}) -> {result}: ..."
    return [whole] if len(whole) <= 116 else [f"def {name}(", f"    {parameters}", f") -> {result}: ..."]


def _parameters(method: object) -> str:
    parts, starred = [], False
    for p in inspect.signature(method).parameters.values():  # type: ignore[arg-type]
        if p.name == "self":
            parts.append("self")
        elif p.kind is p.VAR_POSITIONAL:
            parts.append(f"*{p.name}: Any")
            starred = True
        elif p.kind is p.VAR_KEYWORD:
            parts.append(f"**{p.name}: Any")
        else:
            if p.kind is p.KEYWORD_ONLY and not starred:
                parts.append("*")
                starred = True
            default = "" if p.default is p.empty else " = ..."
            parts.append(f"{p.name}: Any{default}")
    return ", ".join(parts)


def _result(method: object) -> str:
    hint = getattr(method, "__annotations__", {}).get("return", "NDArray")
    return hint if hint in ("NDArray", "None") else "Any"


def main(arguments: list[str] | None = None) -> int:
    text = ndarray_stub()
    if "--check" in (sys.argv[1:] if arguments is None else arguments):
        fresh = STUB.exists() and STUB.read_text(encoding="utf-8") == text
        print("_core.pyi is up to date" if fresh else "_core.pyi is old: run python -m dlcore.array.stub")
        return 0 if fresh else 1
    docs.write(STUB, text)
    return 0


if __name__ == "__main__":
    raise SystemExit(main())

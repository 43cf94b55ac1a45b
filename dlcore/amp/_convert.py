"""A block that always computes in mixed precision."""

from __future__ import annotations

from typing import Any

from dlcore.gluon import HybridBlock

from ._autocast import autocast


class _Converted(HybridBlock):
    """Calls another block in mixed precision; what it returns has the dtypes that the block would return without."""

    def __init__(self, block: Any, dtype: Any) -> None:
        super().__init__()
        self.block = block
        self._autocast = autocast(dtype)

    def forward(self, *args: Any) -> Any:
        with self._autocast._recreate_cm():
            return _wide(self.block(*args))


def _wide(result: Any) -> Any:
    if isinstance(result, (list, tuple)):
        return type(result)(_wide(one) for one in result)
    return result.astype("float32") if result._dtype_name in ("float16", "bfloat16") else result


def convert_hybrid_block(block: Any, target_dtype: Any = "bfloat16") -> Any:
    """A block that runs `block` in mixed precision, with its parameters, and returns float32 where it makes 16 bits.

    >>> import dlcore as dl
    >>> net = dl.gluon.nn.Dense(2, in_units=3)
    >>> net.initialize()
    >>> mixed = convert_hybrid_block(net)
    >>> mixed(dl.nd.ones((1, 3))).dtype.name
    'float32'
    """
    return _Converted(block, target_dtype)

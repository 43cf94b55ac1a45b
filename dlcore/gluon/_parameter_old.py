"""What only old code asks a parameter for: rows, a symbol, and where MXNet kept what a parameter knows."""

from __future__ import annotations

from typing import Any

import numpy as np

from dlcore import _core
from dlcore.array.sparse import RowSparseNDArray
from dlcore.ops import F


class OldWays:
    """Mixed into `Parameter`. Libraries that derive from MXNet's make a new one out of another by its attributes."""

    _var: Any = None
    _trainer: Any = None
    _ctx_map: Any = None

    @property
    def _allow_deferred_init(self: Any) -> bool:
        return bool(self.allow_deferred_init)

    @property
    def _grad_stype(self: Any) -> str:
        return str(self.grad_stype)

    @property
    def _stype(self: Any) -> str:
        return str(self.stype)

    @property
    def _deferred_init(self: Any) -> Any:
        """What an initialization waits with; empty where there is none."""
        return self.__dict__.get("_waiting") or ()

    @_deferred_init.setter
    def _deferred_init(self: Any, value: Any) -> None:
        pass  # whoever makes a parameter out of another gets one that is as new

    @property
    def _grad(self: Any) -> Any:
        """The gradients, one for each device; None where there are none."""
        return None if self._data is None or self._data.grad is None else self.list_grad()

    @_grad.setter
    def _grad(self: Any, value: Any) -> None:
        pass  # a gradient belongs to its array, and comes along with that

    @property
    def _ctx_list(self: Any) -> Any:
        return None if self._data is None else self.list_ctx()

    @_ctx_list.setter
    def _ctx_list(self: Any, value: Any) -> None:
        pass

    def _check_and_get(self: Any, arrays: Any, ctx: Any = None) -> Any:
        """The parameter's own array, or (ctx=list) those of all devices; or its gradients, where these are given."""
        if arrays is None or arrays is self._data:
            return [self.held(one) for one in self.list_ctx()] if ctx is list else self.held(ctx)
        return self.list_grad() if ctx is list else self.held(ctx).grad

    def _finish_deferred_init(self: Any) -> None:
        self.finish_deferred_init()

    def row_sparse_data(self: Any, row_id: Any) -> Any:
        """The rows that `row_id` names, as a RowSparseNDArray; of stype "row_sparse" the array itself."""
        if self.stype == "row_sparse":
            return self.held()
        rows = np.unique(np.asarray(row_id.asnumpy() if hasattr(row_id, "asnumpy") else row_id).astype(np.int64))
        at = _core.from_numpy(rows)
        return RowSparseNDArray(F.take(self.held(), at), at, self.held().shape)

    def list_row_sparse_data(self: Any, row_id: Any) -> list[Any]:
        """`row_sparse_data` as a list of one: a row-sparse gradient is possible on one device only."""
        return [self.row_sparse_data(row_id)]

    def var(self: Any) -> Any:
        """A variable of `dlcore.sym` with this parameter's name, dtype, multipliers and, where it is known, shape."""
        from dlcore import symbol

        shape = self._shape if self._shape_known else None
        return symbol.var(self.name, shape=shape, dtype=self.dtype, lr_mult=self.lr_mult, wd_mult=self.wd_mult)

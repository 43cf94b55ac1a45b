"""`nd.Custom`: operators that the user registered."""

from __future__ import annotations

from typing import Any

from dlcore._hooks import hook


def Custom(*data: Any, op_type: str, **kwargs: Any) -> Any:
    """Call the operator registered as `op_type` (see `dlcore.operator.register`); arrays in order, or by name.

    kwargs that are no arrays reach the registered class as text. One array, or a list of them.
    ValueError for a name that is not registered, TypeError for other arrays than it takes.

    >>> import dlcore as dl
    >>> class Twice(dl.operator.CustomOp):
    ...     def forward(self, is_train, req, in_data, out_data, aux):
    ...         self.assign(out_data[0], req[0], in_data[0] * 2)
    >>> @dl.operator.register("twice")
    ... class TwiceProp(dl.operator.CustomOpProp):
    ...     def create_operator(self, ctx, in_shapes, in_dtypes):
    ...         return Twice()
    >>> Custom(dl.nd.array([1.0, 2.0]), op_type="twice").tolist()
    [2.0, 4.0]
    """
    return hook("nd.custom")(*data, op_type=op_type, **kwargs)

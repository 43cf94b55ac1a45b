"""Stanzas: connectionist temporal classification, the loss of sequences whose labels are not aligned with them."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

from .. import _core
from ._record import op as _op
from ._samples import bad, case, fixed, real
from .functions import function

if TYPE_CHECKING:
    from .._core import NDArray

# fmt: off
op = partial(_op, family="loss", np_name="", dtype="first")
_tol = {"float32": 2e-6, "float16": 1e-2, "bfloat16": 1e-1}
_lp = real(-3, -0.5, shape=(5, 3, 4))
_labels, _steps, _lengths = fixed([[1, 2], [3, 3], [2, 0]], "int64"), fixed([5, 4, 5], "int64"), fixed([2, 2, 1],
                                                                                                      "int64")
_args = (_lp, _labels, _steps, _lengths)
op("_ctc", "lp, labels, lengths, label_lengths, blank: int = 0",
   "Minus the logarithm of the probability of the labels, summed over all alignments; lp (t, n, c) are logarithms.",
   infer="ctc", kernel="ctc", grad={"lp": "_ctc_grad(lp, labels, lengths, label_lengths, gy, blank=blank)"},
   ref="dlcore.ops.reference_ctc.ctc", tol=_tol, formula="Graves et al., ICML 2006",
   samples=[case(*_args), case(_lp, fixed([[0, 1], [2, 2], [1, 0]], "int32"), *_args[2:], blank=3)],
   errors=[bad("label 4 of sample 0 is out of range", _lp, fixed([[4, 2], [3, 3], [2, 0]], "int64"), *_args[2:],
               raises="IndexError"),
           bad("label 1 of sample 0 is out of range.*blank 1", *_args, blank=1, raises="IndexError"),
           bad("length of sample 0 is 6, expected 1 to 5", *_args[:2], fixed([6, 4, 5], "int64"), _lengths),
           bad("label length of sample 0 is 3", *_args[:3], fixed([3, 4, 5], "int64")),
           bad("expected data", real(shape=(5, 2, 4)), *_args[1:]), bad("blank 9", *_args, blank=9),
           bad("expected lengths", *_args[:2], fixed([5, 5], "int64"), _lengths)])
op("_ctc_grad", "lp, labels, lengths, label_lengths, g, blank: int = 0",
   "Minus g times the share of alignments that are in each class at each step.", infer="ctc_grad", kernel="ctc_grad",
   grad={"lp": "olp, og = _ctc_grad2(lp, labels, lengths, label_lengths, g, gy, blank=blank); olp", "g": "og"},
   ref="dlcore.ops.reference_ctc.ctc_grad", tol=_tol, samples=[case(*_args, real(shape=(3,)))],
   smooth=False)  # third derivatives are not known; the second one of _ctc is tested through it
op("_ctc_grad2", "lp, labels, lengths, label_lengths, g, v, blank: int = 0",
   "The derivative of _ctc_grad along the direction v of lp, and that of the loss.", outs="olp, og", infer="ctc_grad",
   kernel="ctc_grad2", grad={"lp": "_no_gradient(lp)", "g": "_no_gradient(g)", "v": "_no_gradient(v)"}, smooth=False,
   ref="dlcore.ops.reference_ctc.ctc_grad2", samples=[case(*_args, real(shape=(3,)), _lp)],
   tol={"float64": 1e-6, "float32": 5e-6, "float16": 1e-2, "bfloat16": 1e-1})  # the oracle takes differences
# fmt: on


def ctc_loss(
    data: Any, label: Any, data_lengths: Any = None, label_lengths: Any = None, blank_label: str = "first"
) -> NDArray:
    """Connectionist temporal classification (Graves et al., ICML 2006): a loss for each sample, (batch,).

    data: (steps, batch, classes), before the softmax. label: (batch, longest) whole numbers. data_lengths and
    label_lengths: (batch,), or None: then all steps count, and a label ends where its padding begins. blank_label:
    "first" (class 0 is the blank, padding is 0) or "last" (the last class is, padding is -1). A label that does not
    fit into the steps costs infinity and has no gradient. Raises IndexError for a label out of range.

    >>> from dlcore import nd
    >>> round(float(ctc_loss(nd.zeros((2, 1, 3)), nd.array([[1]]))), 4)
    1.0986
    """
    F = function
    if blank_label not in ("first", "last"):
        raise ValueError(f"ctc_loss: blank_label must be 'first' or 'last', got {blank_label!r}")
    for word, given in (("data", data), ("label", label)):
        if not isinstance(given, _core.NDArray):
            raise TypeError(f"ctc_loss: {word} must be an array, got {type(given).__name__}")
    if data.ndim != 3 or label.ndim != 2:
        raise ValueError(
            "ctc_loss: expected data (steps, batch, classes) and label (batch, longest), got"
            f" {tuple(data.shape)} and {tuple(label.shape)}"
        )
    if label_lengths is None:
        padding = 0 if blank_label == "first" else -1
        outside = F("cumsum")(F("cast")(F("equal")(label, padding), "int64"), 1)
        label_lengths = F("sum")(F("cast")(F("equal")(outside, 0), "int64"), 1)
    if data_lengths is None:
        data_lengths = F("full")(data.shape[0], data.shape[1:2], "int64", data._device)
    blank = 0 if blank_label == "first" else data.shape[2] - 1
    return F("_ctc")(F("log_softmax")(data, -1), label, data_lengths, label_lengths, blank)

"""The loss of sequences whose labels have no times."""

from __future__ import annotations

from typing import Any

from dlcore.ops import F

from ._loss import Loss


class CTCLoss(Loss):
    """Connectionist temporal classification: -log of the sum over all alignments of the label (Graves et al., 2006).

    pred: scores before the softmax, (n, steps, classes) in the layout "NTC" or (steps, n, classes) in "TNC"; the last
    class is the blank. label: whole numbers, (n, longest) in the label_layout "NT" or (longest, n) in "TN", with -1
    after the end of a shorter one. pred_lengths, label_lengths: (n,), or None: all steps, and up to the first -1.
    Gives (n,). A label that does not fit into its steps costs infinity. ValueError for other layouts and shapes.

    >>> import dlcore as dl
    >>> loss = CTCLoss()
    >>> loss(dl.nd.zeros((1, 2, 3)), dl.nd.array([[0]])).asnumpy().round(4)
    array([1.0986], dtype=float32)
    """

    def __init__(
        self,
        layout: str = "NTC",
        label_layout: str = "NT",
        weight: float | None = None,
        prefix: str | None = None,
        params: Any = None,
    ) -> None:
        for name, given, known in (("layout", layout, ("NTC", "TNC")), ("label_layout", label_layout, ("NT", "TN"))):
            if given not in known:
                raise ValueError(f"CTCLoss: {name} must be {known[0]!r} or {known[1]!r}, got {given!r}")
        super().__init__(weight, 0, prefix, params)
        self._layout, self._label_layout = layout, label_layout

    def forward(
        self, pred: Any, label: Any, pred_lengths: Any = None, label_lengths: Any = None, sample_weight: Any = None
    ) -> Any:
        if pred.ndim != 3 or label.ndim != 2:
            raise ValueError(
                f"CTCLoss: expected pred of 3 axes ({self._layout}) and label of 2 ({self._label_layout}), got "
                f"{tuple(pred.shape)} and {tuple(label.shape)}"
            )
        pred = F.transpose(pred, (1, 0, 2)) if self._layout == "NTC" else pred
        label = F.transpose(label, (1, 0)) if self._label_layout == "TN" else label
        if pred.shape[1] != label.shape[0]:
            raise ValueError(f"CTCLoss: {pred.shape[1]} samples in pred, {label.shape[0]} in label")
        return self._finish(F.ctc_loss(pred, label, pred_lengths, label_lengths, "last"), sample_weight)

"""Output heads: what a network ends with, a prediction that brings its own gradient, whatever arrives from behind."""

from __future__ import annotations

from typing import Any

from ... import _core
from ...ops import F


def SoftmaxOutput(
    data: Any,
    label: Any,
    grad_scale: float = 1.0,
    ignore_label: float = -1.0,
    multi_output: bool = False,
    use_ignore: bool = False,
    preserve_shape: bool = False,
    normalization: str = "null",
    out_grad: bool = False,
    smooth_alpha: float = 0.0,
) -> Any:
    """softmax(data); the gradient of data is softmax(data) - one_hot(label), times grad_scale.

    out_grad: times the gradient that arrives, too, as for a loss that is only a part of another.

    data (n, ...) is one line for each sample, (n, k, ...) with classes on axis 1 if `multi_output`, (..., k) if
    `preserve_shape`; the label is that shape without the classes, or has data's shape and holds probabilities.
    normalization: "null", "batch" (divided by n, with `preserve_shape` by the number of labels) or "valid" (by the
    number of labels that are not ignored); with `multi_output` and not "valid" also by the number of places.
    smooth_alpha: this much is taken from the true class and shared by the others. Raises ValueError for labels of
    another shape.

    >>> from dlcore import nd, autograd
    >>> x = nd.zeros((1, 2)); x.attach_grad()
    >>> with autograd.record():
    ...     y = SoftmaxOutput(x, nd.array([1]))
    >>> y.backward(); x.grad.tolist()
    [[0.5, -0.5]]
    """
    if normalization not in ("null", "batch", "valid"):
        raise ValueError(f"SoftmaxOutput: normalization must be null, batch or valid, got {normalization!r}")
    flat = not (multi_output or preserve_shape) and len(data.shape) > 2
    lines = F.reshape(data, (data.shape[0], -1)) if flat else data
    axis = 1 if multi_output else -1
    y = F.softmax(lines, axis)
    if not _core.is_recording():
        return F.reshape(y, data.shape) if flat else y
    soft = label.shape == data.shape
    expected = tuple(n for k, n in enumerate(lines.shape) if k != axis % len(lines.shape))
    if not soft and label.size != y.size // y.shape[axis]:
        raise ValueError(f"SoftmaxOutput: expected a label of shape {expected} or {data.shape}, got {label.shape}")
    if soft:
        grad = F.subtract(y, F.reshape(label, y.shape))
    else:
        label = F.reshape(label, expected)
        named = F.where(F.equal(label, ignore_label), 0.0, label) if use_ignore or normalization == "valid" else label
        grad = F.subtract(y, _targets(named, y, axis, smooth_alpha))
    scale = grad_scale / (y.size // (y.shape[0] * y.shape[1]) if multi_output and normalization != "valid" else 1)
    if normalization == "batch":
        scale /= y.size // y.shape[axis] if preserve_shape else data.shape[0]
    grad = F.multiply(grad, scale) if scale != 1.0 else grad
    if not soft and (use_ignore or normalization == "valid"):
        valid = F.cast(F.not_equal(label, ignore_label), y.dtype)
        if use_ignore:
            grad = F.multiply(grad, F.expand_dims(valid, axis))
        if normalization == "valid":
            grad = F.divide(grad, F.maximum(F.sum(valid), 1.0))
    if out_grad:  # the value is y, the gradient of lines is what arrives times grad
        still = F.subtract(lines, F.stop_gradient(lines))
        y = F.add(F.stop_gradient(y), F.multiply(still, F.stop_gradient(grad)))
    else:
        y = F._loss_head(y, lines, grad)
    return F.reshape(y, data.shape) if flat else y


def _targets(label: Any, y: Any, axis: int, alpha: float) -> Any:
    """The labels one-hot along `axis`, smoothed."""
    classes = y.shape[axis]
    off = alpha / (classes - 1) if alpha else 0.0
    hot = F.one_hot(label, classes, 1.0 - alpha, off, y.dtype)
    if axis == -1:
        return hot
    order = list(range(len(hot.shape) - 1))
    return F.transpose(hot, (*order[:axis], len(order), *order[axis:]))


def _regression(y: Any, data: Any, label: Any, grad_scale: float, name: str, sign_only: bool = False) -> Any:
    if not _core.is_recording():
        return y
    if label.size != data.size:
        raise ValueError(f"{name}: expected a label of shape {data.shape}, got {label.shape}")
    error = F.subtract(y, F.reshape(label, data.shape))
    each = label.size // label.shape[0] if label.size and label.ndim else 1
    return F._loss_head(y, data, F.multiply(F.sign(error) if sign_only else error, grad_scale / each))


def LinearRegressionOutput(data: Any, label: Any, grad_scale: float = 1.0) -> Any:
    """data; its gradient is (data - label) * grad_scale / numbers per sample.

    >>> from dlcore import nd
    >>> LinearRegressionOutput(nd.array([1.0]), nd.array([3.0])).tolist()
    [1.0]
    """
    return _regression(F.identity(data), data, label, grad_scale, "LinearRegressionOutput")


def LogisticRegressionOutput(data: Any, label: Any, grad_scale: float = 1.0) -> Any:
    """sigmoid(data); data's gradient is (sigmoid(data) - label) * grad_scale / numbers per sample.

    >>> from dlcore import nd
    >>> LogisticRegressionOutput(nd.array([0.0]), nd.array([1.0])).tolist()
    [0.5]
    """
    return _regression(F.sigmoid(data), data, label, grad_scale, "LogisticRegressionOutput")


def MAERegressionOutput(data: Any, label: Any, grad_scale: float = 1.0) -> Any:
    """data; its gradient is sign(data - label) * grad_scale / numbers per sample.

    >>> from dlcore import nd
    >>> MAERegressionOutput(nd.array([1.0]), nd.array([3.0])).tolist()
    [1.0]
    """
    return _regression(F.identity(data), data, label, grad_scale, "MAERegressionOutput", True)


def MakeLoss(data: Any, grad_scale: float = 1.0, valid_thresh: float = 0.0, normalization: str = "null") -> Any:
    """data as a loss: its gradient is grad_scale everywhere.

    normalization: "batch" divides it by the length of the first axis, "valid" by how many numbers exceed valid_thresh.

    >>> from dlcore import nd
    >>> MakeLoss(nd.array([2.0])).tolist()
    [2.0]
    """
    if normalization not in ("null", "batch", "valid"):
        raise ValueError(f"MakeLoss: normalization must be null, batch or valid, got {normalization!r}")
    if not _core.is_recording():
        return F.identity(data)
    grad = F.full_like(data, grad_scale / (data.shape[0] if normalization == "batch" else 1))
    if normalization == "valid":
        grad = F.divide(grad, F.maximum(F.sum(F.cast(F.greater(data, valid_thresh), data.dtype)), 1.0))
    return F._loss_head(data, data, grad)


make_loss = MakeLoss


def SVMOutput(
    data: Any, label: Any, margin: float = 1.0, regularization_coefficient: float = 1.0, use_linear: bool = False
) -> Any:
    """data; its gradient is that of the squared hinge loss of every class (of the hinge loss with use_linear).

    data is (n, classes), label (n,) with the number of the right class.

    >>> from dlcore import nd, autograd
    >>> x = nd.array([[0.5, 0.0]]); x.attach_grad()
    >>> with autograd.record():
    ...     y = SVMOutput(x, nd.array([0]), use_linear=True)
    >>> y.backward(); x.grad.tolist()
    [[-1.0, 1.0]]
    """
    if not _core.is_recording():
        return F.identity(data)
    if data.ndim != 2 or label.shape != data.shape[:1]:
        raise ValueError(f"SVMOutput: expected data (n, classes) and label (n,), got {data.shape} and {label.shape}")
    side = F.one_hot(label, data.shape[1], 1.0, -1.0, data.dtype)
    short = F.maximum(F.subtract(margin, F.multiply(side, data)), 0.0)
    slope = F.cast(F.greater(short, 0.0), data.dtype) if use_linear else F.multiply(short, 2.0)
    return F._loss_head(data, data, F.multiply(F.multiply(F.negative(side), slope), regularization_coefficient))


def IdentityAttachKLSparseReg(
    data: Any, sparseness_target: float = 0.1, penalty: float = 0.001, momentum: float = 0.9
) -> Any:
    """data (n, units), each in (0, 1); adds the gradient of penalty times KL(sparseness_target, mean activity).

    The mean is that of this batch: MXNet kept an average over batches with `momentum`, which is passed over here.

    >>> from dlcore import nd
    >>> IdentityAttachKLSparseReg(nd.array([[0.5]])).tolist()
    [[0.5]]
    """
    if not _core.is_recording():
        return F.identity(data)
    mean = F.mean(F.stop_gradient(data), 0, True)
    slope = F.subtract(F.divide(1.0 - sparseness_target, F.subtract(1.0, mean)), F.divide(sparseness_target, mean))
    # identity plus a term whose value is 0 and whose gradient is the penalty's
    still = F.multiply(F.subtract(data, F.stop_gradient(data)), F.multiply(slope, penalty))
    return F.add(data, still)

"""Inference in onnxruntime: PyTorch's network exported to ONNX."""

from __future__ import annotations

import io
from collections.abc import Callable

from .sizes import data


def make(workload: str, threads: int) -> Callable[[], float]:
    """One inference of `workload`."""
    base, _, kind = workload.partition("-")
    if not kind.startswith("infer"):
        raise ValueError("only inference is measured")
    import onnxruntime
    import torch

    from .torch_peer import network

    x, _ = data(workload)
    stream = io.BytesIO()
    torch.onnx.export(network(base).eval(), (torch.from_numpy(x),), stream, dynamo=False, input_names=["x"])
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    session = onnxruntime.InferenceSession(stream.getvalue(), options, providers=["CPUExecutionProvider"])
    return lambda: float(session.run(None, {"x": x})[0].ravel()[0])

"""cuDNN's graph API through NVIDIA's front end: one built plan per shapes, layouts and dtype.

Each function returns False where the front end is not installed (or the arrays are NumPy's): the caller then takes its
own path.
"""

from __future__ import annotations

from functools import cache
from typing import Any

from ._call import Call, each


@cache
def _frontend() -> Any:  # the module, or None where it is not installed
    try:
        import cudnn
    except ImportError:
        return None
    return cudnn


@cache
def _handle(device: int) -> Any:
    return _frontend().create_handle()


def _spec(array: Any) -> tuple:
    item = array.dtype.itemsize
    return array.shape, tuple(s // item for s in array.strides), str(array.dtype)


def _tensor(graph: Any, name: str, spec: tuple) -> Any:
    shape, strides, dtype = spec
    kinds = {"float32": "FLOAT", "float16": "HALF", "bfloat16": "BFLOAT16", "float64": "DOUBLE"}
    kind = getattr(_frontend().data_type, kinds[dtype])
    return graph.tensor(name=name, dim=list(shape), stride=list(strides), data_type=kind)


@cache
def _plan(
    device: int, what: str, first: tuple, second: tuple, out: tuple, pad: tuple, stride: tuple, dilate: tuple
) -> Any:
    cudnn = _frontend()
    graph = cudnn.pygraph(
        io_data_type=cudnn.data_type.FLOAT,
        intermediate_data_type=cudnn.data_type.FLOAT,
        compute_data_type=cudnn.data_type.FLOAT,
        handle=_handle(device),
    )
    a, b = _tensor(graph, "first", first), _tensor(graph, "second", second)
    options = {"padding": list(pad), "stride": list(stride), "dilation": list(dilate)}
    if what == "forward":
        y = graph.conv_fprop(image=a, weight=b, **options)
    elif what == "data":
        y = graph.conv_dgrad(loss=a, filter=b, **options)
    else:
        y = graph.conv_wgrad(loss=a, image=b, **options)
    shape, strides, dtype = out
    y.set_output(True).set_dim(list(shape)).set_stride(list(strides))
    graph.build([cudnn.heur_mode.A, cudnn.heur_mode.FALLBACK])
    import cupy

    return graph, a, b, y, cupy.cuda.alloc(max(graph.get_workspace_size(), 1))


def _run(call: Call, what: str, first: Any, second: Any) -> bool:
    if (
        call.xp.__name__ != "cupy"
        or _frontend() is None
        or first.dtype.kind != "f"
        or 0 in (*first.shape, *second.shape)
    ):
        return False
    device = call.xp.cuda.Device().id
    options = tuple(each(call.attrs[name], first.ndim - 2) for name in ("pad", "stride", "dilate"))
    graph, a, b, y, workspace = _plan(device, what, _spec(first), _spec(second), _spec(call.y), *options)
    handle = _handle(device)
    _frontend().set_stream(handle=handle, stream=call.xp.cuda.get_current_stream().ptr)
    graph.execute({a: first.data.ptr, b: second.data.ptr, y: call.y.data.ptr}, workspace.ptr, handle=handle)
    return True


def forward(call: Call, x: Any, weight: Any) -> bool:
    """call.y = conv2d(x, weight). Groups follow from the channels of the two."""
    return _run(call, "forward", x, weight)


def data_gradient(call: Call, gy: Any, weight: Any) -> bool:
    """call.y = the gradient with respect to the image."""
    return _run(call, "data", gy, weight)


def weight_gradient(call: Call, gy: Any, x: Any) -> bool:
    """call.y = the gradient with respect to the weight."""
    return _run(call, "weight", gy, x)

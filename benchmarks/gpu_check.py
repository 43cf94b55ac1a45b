"""Every operator and the tour's training on a GPU, compared with the CPU: one table.

    python benchmarks/gpu_check.py                 the table on standard output; exit status 1 when a row disagrees
    python benchmarks/gpu_check.py --steps 50      fewer training steps
    python benchmarks/gpu_check.py --no-timing     without the large sizes that are there to be timed

Inputs are the samples of the operators' own stanzas (tests/ops/harness.py), so a new operator is checked with no line
added here. Errors are the largest |gpu - cpu| / max(1, |cpu|) over all calls of an operator. Attention is checked over
more layouts and sizes, and timed; a compiled training is run with its kernels queued one by one and as a captured CUDA
graph, which must give the same losses to the last bit. Without a usable GPU it says so in one line and ends with
status 2.
"""

from __future__ import annotations

import argparse
import os
import platform
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "tests"))

import dlcore as dl  # noqa: E402
from dlcore import _core, autograd, gluon  # noqa: E402
from dlcore.ops import RECORDS, Op  # noqa: E402

TOLERANCE = {"float32": 2e-5, "float16": 4e-3, "bfloat16": 3e-2}


class Row(NamedTuple):
    """One line of the table."""

    name: str
    calls: int
    error: float
    bound: float
    note: str = ""

    @property
    def good(self) -> bool:
        return not self.note and self.error <= self.bound


def as_list(value: Any) -> list[Any]:
    return list(value) if isinstance(value, (tuple, list)) else [value]


def distance(got: np.ndarray, expected: np.ndarray) -> float:
    """The largest difference relative to max(1, |expected|); infinite where one is NaN and the other is not."""
    if expected.size == 0:
        return 0.0
    wide = np.complex128 if np.iscomplexobj(expected) else np.float64
    a, b = got.astype(wide), expected.astype(wide)
    same = (a == b) | (np.isnan(a) & np.isnan(b))
    with np.errstate(invalid="ignore"):
        error = np.where(same, 0.0, np.abs(a - b) / np.maximum(1.0, np.abs(b)))
    return float(np.where(np.isnan(error), np.inf, error).max())


def check_operator(record: Op, dtype: str, device: Any) -> Row:
    """All samples of one operator: values, and first gradients where it has them."""
    from ops import harness

    calls, worst = 0, 0.0
    bound = max(TOLERANCE[dtype], 4 * record.tol.get(dtype, 0))
    label = record.name if dtype == "float32" else f"{record.name} {dtype}"
    try:
        for _, inputs, attrs in harness.calls_of(
            record, np.dtype(dl.bfloat16 if dtype == "bfloat16" else dtype), harness.generator(record)
        ):
            on_cpu = run(record, inputs, attrs, None, calls)
            on_gpu = run(record, inputs, attrs, device, calls)
            for expected, got in zip(on_cpu, on_gpu, strict=True):
                worst = max(worst, distance(got, expected))
            calls += 1
    except Exception as error:  # a row that says what failed is worth more than a traceback that hides the others
        return Row(label, calls, np.inf, bound, f"{type(error).__name__}: {str(error).splitlines()[0][:80]}")
    return Row(label, calls, worst, bound)


def run(record: Op, inputs: list[Any], attrs: dict[str, Any], device: Any, call: int) -> list[np.ndarray]:
    """Outputs and gradients of one call, as NumPy arrays."""
    from ops import harness, slopes

    _core.set_rng_state((7, call * 1000))
    arrays = [None if v is None else _core.from_numpy(np.asarray(v)) for v in inputs]
    if device is not None:
        arrays = [a if a is None else a.as_in_context(device) for a in arrays]
        if any(a.name == "device" for a in record.attrs):
            attrs = {**attrs, "device": repr(device)}
    tracked = [a for a in arrays if a is not None and str(a.dtype).startswith(("float", "bfloat"))]
    differentiable = slopes.differentiable(record) and tracked
    if differentiable:
        for a in tracked:
            a.attach_grad()
    with autograd.record():
        outs = as_list(harness.function(record)(*arrays, **attrs))
        heads = [o for o in outs if differentiable and str(o.dtype).startswith(("float", "bfloat")) and o._tracked]
    if heads:
        _core.backward(heads)
    results = [o.asnumpy() for o in outs]
    return results + [a.grad.asnumpy() for a in tracked] if heads else results


def lenet(device: Any) -> Any:
    """The tour's network, with the same first weights on every device."""
    _core.seed(1)
    nn = gluon.nn
    net = nn.HybridSequential()
    net.add(
        nn.Conv2D(32, 3, padding=1, in_channels=1, activation="relu"),
        nn.Conv2D(64, 3, padding=1, in_channels=32, activation="relu"),
        nn.MaxPool2D(2),
        nn.Flatten(),
        nn.Dense(128, in_units=12544, activation="relu"),
        nn.Dense(10, in_units=128),
    )
    net.initialize(dl.init.Xavier(), ctx=dl.cpu())
    net.reset_ctx(device)
    return net


def perceptron(device: Any) -> Any:
    """A network so small that launching its kernels takes longer than running them."""
    _core.seed(1)
    nn = gluon.nn
    net = nn.HybridSequential()
    net.add(nn.Flatten(), nn.Dense(128, in_units=784, activation="relu"), nn.Dropout(0.1), nn.Dense(10, in_units=128))
    net.initialize(dl.init.Xavier(), ctx=dl.cpu())
    net.reset_ctx(device)
    return net


class Trained(NamedTuple):
    """Losses of a training, the median seconds of a step, and what became of its program on a GPU."""

    losses: np.ndarray
    seconds: float
    note: str


def train(
    net: Any, device: Any, images: np.ndarray, labels: np.ndarray, steps: int, compiled: bool, optimizer: str = "adam"
) -> Trained:
    """So many steps of batch 64."""
    loss = gluon.loss.SoftmaxCrossEntropyLoss()
    trainer = gluon.Trainer(net.collect_params(), optimizer, {"learning_rate": 0.001})

    def step(x: Any, y: Any) -> Any:
        with autograd.record():
            value = loss(net(x), y).mean()
        value.backward()
        trainer.step(1)
        return value

    call = dl.jit(step) if compiled else step
    losses, seconds = [], []
    for i in range(steps):
        at = slice(i * 64 % (len(images) - 63), None)
        x = _core.from_numpy(images[at][:64]).as_in_context(device)
        y = _core.from_numpy(labels[at][:64]).as_in_context(device)
        begun = time.perf_counter()
        losses.append(float(call(x, y)))  # reading the loss waits for the device
        seconds.append(time.perf_counter() - begun)
    note = ""
    if compiled:
        (function,) = call.entries()
        note = getattr(function.plain.lowered.executable, "capture_note", "")
    return Trained(np.array(losses), float(np.median(seconds[steps // 4 :])), note)


def digits() -> tuple[np.ndarray, np.ndarray]:
    from dlcore.gluon.data.vision import MNIST

    data = MNIST(train=True)
    count = min(len(data), 2048)
    images = np.stack([np.asarray(data[i][0].asnumpy()) for i in range(count)]).transpose(0, 3, 1, 2)
    return images.astype(np.float32) / 255, np.array([int(data[i][1]) for i in range(count)])


def training_rows(device: Any, steps: int, images: np.ndarray, labels: np.ndarray) -> Iterator[Row]:
    """The tour's training against the CPU's: losses of the first steps, then time."""
    cpu = train(lenet(dl.cpu()), dl.cpu(), images, labels, min(steps, 20), True)
    for compiled in (False, True):
        name = f"lenet training, {'compiled' if compiled else 'imperative'}"
        try:
            gpu = train(lenet(device), device, images, labels, steps, compiled)
        except Exception as error:
            yield Row(name, 0, np.inf, 0.02, f"{type(error).__name__}: {str(error).splitlines()[0][:80]}")
            continue
        # Rounding grows from step to step, so early losses are compared and the last must have fallen.
        worst, losses = distance(gpu.losses[:10], cpu.losses[:10]), gpu.losses
        note = "" if losses[-1] < losses[0] / 2 else f"loss went from {losses[0]:.3f} to {losses[-1]:.3f} only"
        yield Row(f"{name} ({gpu.seconds * 1e3:.2f} ms a step, CPU {cpu.seconds * 1e3:.2f})", steps, worst, 0.02, note)


def capture_row(device: Any, steps: int, images: np.ndarray, labels: np.ndarray) -> Row:
    """A compiled training with dropout: kernel by kernel, then as a CUDA graph."""
    name, switch = "perceptron training, captured", "DLCORE_CUDA_GRAPH"
    before = os.environ.get(switch)
    try:
        os.environ[switch] = "0"
        queued = train(perceptron(device), device, images, labels, steps, True, "sgd")
        del os.environ[switch]
        found = train(perceptron(device), device, images, labels, steps, True, "sgd")
    except Exception as error:
        return Row(name, 0, np.inf, 0.0, f"{type(error).__name__}: {str(error).splitlines()[0][:80]}")
    finally:
        os.environ.pop(switch, None)
        if before is not None:
            os.environ[switch] = before
    note = "" if found.note == "captured" and queued.note != "captured" else found.note
    label = f"{name} ({found.seconds * 1e3:.2f} ms a step, kernel by kernel {queued.seconds * 1e3:.2f})"
    return Row(label, steps, distance(found.losses, queued.losses), 0.0, note)


def attention_rows(device: Any, timing: bool) -> Iterator[Row]:
    """Attention and its gradients against the CPU's, over dtypes, odd sizes and layouts; then large ones timed."""
    sizes = [((2, 3, 70, 40), 67, False, 0.0), ((1, 2, 129, 64), 129, True, 0.0), ((1, 1, 5, 200), 66, True, 0.0),
             ((1, 2, 70, 30), 67, True, 0.2)]  # fmt: skip
    for dtype in TOLERANCE:
        for shape, keys, causal, rate in sizes:
            name = f"attention {dtype} {shape} on {keys} keys{', causal' if causal else ''}"
            name += f", {rate} dropped" if rate else ""
            try:
                expected, got = (attend(place, shape, keys, causal, rate, dtype) for place in (dl.cpu(), device))
                worst = max(distance(a, b) for a, b in zip(got, expected, strict=True))
            except Exception as error:
                yield Row(name, 0, np.inf, 0.0, f"{type(error).__name__}: {str(error).splitlines()[0][:80]}")
                continue
            yield Row(name, 1, worst, 4 * TOLERANCE[dtype])
    for dtype in TOLERANCE if timing else ():
        for heads, length, depth, causal in ((16, 1024, 64, False), (16, 2048, 64, True), (8, 1024, 128, True)):
            yield timed_attention(device, dtype, (4, heads, length, depth), causal, 0.0)
        yield timed_attention(device, dtype, (4, 16, 2048, 64), True, 0.1)


def attend(device: Any, shape: tuple[int, ...], keys: int, causal: bool, rate: float, dtype: str) -> list[np.ndarray]:
    """The result and the gradients of one call; heads lie behind the rows, as networks have them."""
    rng = np.random.default_rng(8)
    dl.random.seed(8)
    batch, heads, length, depth = shape
    arrays = []
    for rows in (length, keys, keys, length):
        values = _core.from_numpy(rng.standard_normal((batch, rows, heads, depth)).astype("float32"))
        arrays.append(dl.np.swapaxes(values.astype(dtype).as_in_context(device), 1, 2))
    *given, head = arrays
    for a in given:
        a.attach_grad()
    with autograd.record():
        y = dl.npx.scaled_dot_product_attention(*given, causal=causal, dropout=rate)
    y.backward(head)
    return [a.asnumpy().astype(np.float32) for a in (y, *(g.grad for g in given))]


def timed_attention(device: Any, dtype: str, shape: tuple[int, ...], causal: bool, drop: float) -> Row:
    """Milliseconds forward, and forward and backward; a result must be a number."""
    import cupy

    rng = np.random.default_rng(8)
    values = [_core.from_numpy(rng.standard_normal(shape).astype("float32")).astype(dtype) for _ in range(3)]
    given = [v.as_in_context(device) for v in values]
    for a in given:
        a.attach_grad()
    stream, times = cupy.cuda.get_current_stream(), []
    for backward in (False, True):
        marks = [stream.record()]
        for _ in range(10):
            with autograd.record() if backward else autograd.pause(train_mode=True):
                y = dl.npx.scaled_dot_product_attention(*given, causal=causal, dropout=drop)
            if backward:
                y.backward()
            marks.append(stream.record())
        stream.synchronize()
        each = [cupy.cuda.get_elapsed_time(a, b) for a, b in zip(marks, marks[1:], strict=False)]
        times.append(float(np.median(each[2:])))
    scores = shape[0] * shape[1] * shape[2] ** 2 / (2 if causal else 1)
    rate = 4 * scores * shape[3] / times[0] / 1e9
    name = f"attention {dtype} {shape}{', causal' if causal else ''}{f', {drop} dropped' if drop else ''} "
    name += f"({times[0]:.2f} ms, {rate:.1f} TFLOP/s, "
    finite = bool(np.isfinite(y.asnumpy().astype(np.float32)).all())
    return Row(f"{name}with gradients {times[1]:.2f} ms)", 20, 0.0, 0.0, "" if finite else "not all are numbers")


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--steps", type=int, default=200)
    parser.add_argument("--no-timing", action="store_true")
    options = parser.parse_args()
    try:
        dl.np.zeros((1,), ctx=dl.gpu(0))
    except RuntimeError as error:
        print(error)
        return 2
    import cupy

    device = dl.gpu(0)
    name = cupy.cuda.runtime.getDeviceProperties(0)["name"].decode()
    print(
        f"{name}, CUDA {cupy.cuda.runtime.runtimeGetVersion()}, CuPy {cupy.__version__}, "
        f"Python {platform.python_version()}"
    )
    rows = [check_operator(record, "float32", device) for record in RECORDS.values()]
    rows += [
        check_operator(RECORDS[n], d, device)
        for n in ("add", "matmul", "conv2d", "softmax", "sum")
        for d in ("float16", "bfloat16")
    ]
    rows += attention_rows(device, not options.no_timing)
    images, labels = digits()
    rows += training_rows(device, options.steps, images, labels)
    rows.append(capture_row(device, options.steps, images, labels))
    width = max(len(row.name) for row in rows)
    print(f"{'':{width}}  calls     error     bound")
    for row in rows:
        print(
            f"{row.name:{width}}  {row.calls:5d}  {row.error:8.1e}  {row.bound:8.1e}  "
            + ("ok" if row.good else f"FAILED {row.note}")
        )
    failed = sum(not row.good for row in rows)
    print(f"{len(rows) - failed} of {len(rows)} agree with the CPU")
    return int(failed > 0)


if __name__ == "__main__":
    sys.exit(main())

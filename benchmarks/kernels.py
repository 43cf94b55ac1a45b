"""CPU kernels beside NumPy and, where installed, PyTorch: fused elementwise, functions, reductions, copies, random.

    python benchmarks/kernels.py [--threads 2] [--rounds 15] [--only WORD]

Every row is the best of some rounds in which the contenders take turns, in microseconds; the arrays are float32.
"""

from __future__ import annotations

import argparse
import platform
import time
from collections.abc import Callable, Iterator
from types import ModuleType

import numpy as np

from dlcore import _core
from dlcore.ops import F

Row = tuple[str, Callable[[], object], Callable[[], object] | None, Callable[[], object] | None]

# gelu(x w + b) mask, as the fusion pass writes it
_GELU = [
    ("mul", (0, 1)), ("add", (4, 2)), ("const", 0.7071067811865476), ("mul", (5, 6)), ("erf", (7,)), ("const", 1.0),
    ("add", (8, 9)), ("const", 0.5), ("mul", (5, 11)), ("mul", (10, 12)), ("mul", (13, 3)),
]  # fmt: skip


def fused_gelu() -> Callable[..., object]:
    """The program above as an operator."""
    number = _core.register_op(
        {
            "name": "_benchmark_gelu",
            "inputs": [(n, False, False, False) for n in "xwbm"],
            "attrs": [],
            "n_out": 1,
            "kernel": "tile",
            "tile": _core.TileProgram(4, _GELU, [14]),
            "infer": "broadcast",
            "dtype": "promote",
        }
    )
    return lambda *xs: _core.invoke(number, xs, ())


def rows(torch: ModuleType | None) -> Iterator[Row]:
    """Name, ours, NumPy's, PyTorch's."""
    rng = np.random.default_rng(0)
    x, w, b, m = (rng.standard_normal((1024, 1024)).astype("float32") for _ in range(4))
    picture = rng.standard_normal((32, 64, 28, 28)).astype("float32")
    last = np.ascontiguousarray(picture.transpose(0, 2, 3, 1)).transpose(0, 3, 1, 2)
    table = rng.standard_normal((100_000, 10)).astype("float32")
    dx, dw, db, dm, dp, dl, dt = (_core.from_numpy(a, copy=False) for a in (x, w, b, m, picture, last, table))
    dxt = _core.from_numpy(x.T, copy=False)
    row = _core.from_numpy(w[0], copy=False)
    gelu = fused_gelu()
    t = (
        {k: torch.from_numpy(v) for k, v in dict(x=x, w=w, b=b, m=m, p=picture, l=last, t=table).items()}
        if torch
        else {}
    )

    def th(f: Callable[[], object]) -> Callable[[], object] | None:
        return f if torch else None

    yield (
        "gelu(x*w+b)*mask, 1M",
        lambda: gelu(dx, dw, db, dm),
        None,
        th(lambda: torch.nn.functional.gelu(t["x"] * t["w"] + t["b"]) * t["m"]),  # type: ignore[union-attr]
    )
    yield "x + w, 1M", lambda: F.add(dx, dw), lambda: x + w, th(lambda: t["x"] + t["w"])
    yield "x + row, 1M", lambda: F.add(dx, row), lambda: x + w[0], th(lambda: t["x"] + t["w"][0])
    yield "x + w.T, 1M", lambda: F.add(dw, dxt), lambda: w + x.T, th(lambda: t["w"] + t["x"].T)
    for name in ("exp", "tanh", "sigmoid", "log1p", "sin"):
        fn = getattr(F, name)
        yield (
            f"{name}, 1M",
            lambda fn=fn: fn(dx),
            (lambda name=name: getattr(np, name)(x)) if hasattr(np, name) else None,
            th(lambda name=name: getattr(torch, name)(t["x"])),
        )
    yield "sum, 1M", lambda: F.sum(dx), lambda: x.sum(), th(lambda: t["x"].sum())
    yield "sum over rows, 1M", lambda: F.sum(dx, axis=0), lambda: x.sum(0), th(lambda: t["x"].sum(0))
    yield "max of each row, 1M", lambda: F.max(dx, axis=1), lambda: x.max(1), th(lambda: t["x"].amax(1))
    yield "argmax of each row, 1M", lambda: F.argmax(dx, axis=1), lambda: x.argmax(1), th(lambda: t["x"].argmax(1))
    yield "sum of 100k rows of 10", lambda: F.sum(dt, axis=1), lambda: table.sum(1), th(lambda: t["t"].sum(1))
    yield (
        "per-channel sum, NCHW 1.6M",
        lambda: F.sum(dp, (0, 2, 3)),
        lambda: picture.sum((0, 2, 3)),
        th(lambda: t["p"].sum((0, 2, 3))),
    )
    yield (
        "same, channels last",
        lambda: F.sum(dl, (0, 2, 3)),
        lambda: last.sum((0, 2, 3)),
        th(lambda: t["l"].sum((0, 2, 3))),
    )
    yield "transposed copy, 1M", lambda: F.copy(dxt), lambda: x.T.copy(), th(lambda: t["x"].T.contiguous())
    yield "to float16, 1M", lambda: F.cast(dx, "float16"), lambda: x.astype("float16"), th(lambda: t["x"].half())
    yield (
        "normal numbers, 1M",
        lambda: F.random_normal(shape=(1 << 20,)),
        lambda: rng.standard_normal(1 << 20, dtype="float32"),
        th(lambda: torch.randn(1 << 20)),  # type: ignore[union-attr]
    )


def main() -> None:
    """Prints the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--rounds", type=int, default=15)
    parser.add_argument("--only", default="")
    options = parser.parse_args()
    try:
        import torch
    except ImportError:
        torch = None
    else:
        torch.set_num_threads(options.threads)
    _core.set_num_threads(options.threads)
    print(f"{platform.machine()} with {_core.cpu_info()['isa']}, {options.threads} threads")
    print(f"{'microseconds':<28}{'dlcore':>10}{'NumPy':>10}{'PyTorch':>10}")
    for name, *contenders in rows(torch):
        if options.only not in name:
            continue
        best = [float("inf")] * 3
        for _ in range(options.rounds):
            for i, f in enumerate(contenders):
                if f is not None:
                    start = time.perf_counter()
                    f()
                    best[i] = min(best[i], time.perf_counter() - start)
        print(f"{name:<28}" + "".join(f"{v * 1e6:>10.0f}" if v < 1e9 else f"{'-':>10}" for v in best))


if __name__ == "__main__":
    main()

"""Products, convolutions and attention on the pretended device with stand-ins for cuBLASLt and cuDNN: what they compute
against the CPU, whatever the layout and the alignment, and that they were called at all. Run as a program."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import numpy as np

TESTS = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(TESTS), str(TESTS.parent / "benchmarks"), str(TESTS / "cuda")]

import pretend  # noqa: E402

pretend.install(libraries=True)

import gpu_check  # noqa: E402
import standin_cudnn  # noqa: E402

import dlcore as dl  # noqa: E402
from dlcore import np as dnp  # noqa: E402
from dlcore.cuda import _cublaslt  # noqa: E402
from dlcore.ops import RECORDS, F  # noqa: E402

STEMS = ("matmul", "dense", "product", "conv2d", "conv2d_dx", "conv2d_dw", "deconv2d", "attention", "attention_grad",
         "attention_dropped", "attention_dropped_grad")  # fmt: skip
BOUND = {"float32": 3e-6, "float16": 3e-3, "bfloat16": 2e-2}


def check(label: str, got: Any, expected: np.ndarray, dtype: str) -> None:
    error = gpu_check.distance(got.asnumpy().astype(np.float64), expected) / max(1.0, np.abs(expected).max())
    print(f"{label:60} {error:.1e}")
    if not error <= BOUND[dtype]:
        sys.exit(f"{label}: {error} is more than {BOUND[dtype]}")


def products(dtype: str) -> None:
    """Every layout, a slice that starts at an odd address, single rows and columns, batches; with a bias."""
    rng, gpu = np.random.default_rng(3), dl.gpu(0)

    def both(*shape: int) -> tuple[Any, np.ndarray]:
        array = dnp.array(rng.standard_normal(shape).astype("float32")).astype(dtype)
        return array.as_in_context(gpu), array.asnumpy().astype(np.float64)

    for m, k, n in ((5, 7, 3), (1, 4, 6), (6, 1, 5), (8, 3, 1), (1, 1, 1)):
        (a, a0), (b, b0), (at, at0), (bt, bt0) = both(m, k), both(k, n), both(k, m), both(n, k)
        check(f"{dtype} ({m},{k})@({k},{n})", a @ b, a0 @ b0, dtype)
        check(f"{dtype} transposed left", at.T @ b, at0.T @ b0, dtype)
        check(f"{dtype} transposed right", a @ bt.T, a0 @ bt0.T, dtype)
        check(f"{dtype} both transposed", at.T @ bt.T, at0.T @ bt0.T, dtype)
        c, c0 = both(n)
        check(f"{dtype} dense with bias", dl.npx.fully_connected(a, bt, c, num_hidden=n), a0 @ bt0.T + c0, dtype)
        (more, more0), before = both(m, n), _cublaslt._library().standin_biased()
        joined = F._product(a, bt, c, more, transpose_b=True, then="add+relu")
        check(f"{dtype} product, sum and relu", joined, np.maximum(a0 @ bt0.T + c0 + more0, 0), dtype)
        if min(m, k, n) > 1 and _cublaslt._library().standin_biased() == before:
            sys.exit(f"{dtype}: a product that others follow was not made by cuBLASLt")
        wide, before = more.astype("float32"), _cublaslt._library().standin_biased()
        unrounded = F._product(a, bt, c, wide, transpose_b=True, then="add")
        check(f"{dtype} product and a sum in float32", unrounded, a0 @ bt0.T + c0 + more0, "float32")
        if min(m, k, n) > 1 and _cublaslt._library().standin_biased() == before:
            sys.exit(f"{dtype}: a product that float32 is added to was not made by cuBLASLt")
    wide, wide0 = both(9, 13)
    tall, tall0 = both(13, 9)
    check(f"{dtype} rows from an odd address", wide[1:, 1:6] @ tall[3:8, 2:], wide0[1:, 1:6] @ tall0[3:8, 2:], dtype)
    check(f"{dtype} every second row", wide[::2] @ tall, wide0[::2] @ tall0, dtype)
    batch, batch0 = both(2, 3, 4, 5)
    other, other0 = both(2, 3, 5, 2)
    check(f"{dtype} two batch axes", batch @ other, batch0 @ other0, dtype)
    check(f"{dtype} a batch backwards", batch[:, ::-1] @ other, batch0[:, ::-1] @ other0, dtype)
    check(f"{dtype} one of a batch backwards", batch[0, :1][::-1] @ other[0, :1], batch0[0, :1] @ other0[0, :1], dtype)
    swapped, swapped0 = dnp.swapaxes(batch, 0, 1), np.swapaxes(batch0, 0, 1)
    check(f"{dtype} batch axes swapped", swapped @ dnp.swapaxes(other, 0, 1), swapped0 @ other0.swapaxes(0, 1), dtype)


def images(dtype: str) -> None:
    """Images that run back and repeat themselves, filters of one place and of one channel."""
    rng, gpu = np.random.default_rng(3), dl.gpu(0)
    values = dnp.array(rng.standard_normal((2, 3, 5, 5)).astype("float32")).astype(dtype)
    weight = dnp.array(rng.standard_normal((4, 3, 1, 1)).astype("float32")).astype(dtype)
    for label, view in {
        "backwards": lambda x: x[:, :, ::-1],
        "repeated": lambda x: dnp.broadcast_to(x[:, :, :1], (2, 3, 4, 5)),
        "one of each": lambda x: x[:1, :, 1:2, ::2],
    }.items():
        call = lambda x, w, view=view: dl.npx.convolution(view(x), w, kernel=(1, 1), num_filter=4, no_bias=True)  # noqa: E731
        wanted = call(values, weight).asnumpy().astype(np.float64)
        check(f"{dtype} image {label}", call(values.as_in_context(gpu), weight.as_in_context(gpu)), wanted, dtype)


def main() -> None:
    for dtype in BOUND:
        products(dtype)
        images(dtype)
        for record in RECORDS.values():
            if record.kernel in STEMS:
                row = gpu_check.check_operator(record, dtype, dl.gpu(0))
                print(f"{row.name:60} {row.error:.1e} {row.note}")
                if not row.good:
                    sys.exit(f"{row.name}: error {row.error}, bound {row.bound} {row.note}")
    blas = _cublaslt._library()
    counts = {name: getattr(blas, f"standin_{name}")() for name in ("calls", "biased", "halves", "refused")}
    print("cuBLASLt", counts, "cuDNN", standin_cudnn.runs)
    if not all([*counts.values(), *standin_cudnn.runs.values()]):
        sys.exit("a library was not called")
    kept = 4 * (_cublaslt._plan.cache_info().currsize - counts["refused"])
    if blas.standin_live() != kept:
        sys.exit(f"{blas.standin_live()} descriptors and layouts are held, the plans in use have {kept}")


if __name__ == "__main__":
    main()

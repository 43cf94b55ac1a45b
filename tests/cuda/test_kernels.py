"""The GPU's kernels, run with NumPy in CuPy's place: the same functions, compared with the CPU's kernels."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from cuda import emulate
from ops import complex_harness, harness

from dlcore import _core
from dlcore.cuda import _backend, tile_complex  # noqa: F401 - the first fills the table
from dlcore.cuda import attention as cuda_attention
from dlcore.cuda._arrays import narrowed, widened
from dlcore.cuda._call import KERNELS, Call
from dlcore.graph.interpreter import run_tile
from dlcore.ops import RECORDS, Op

OWN = [r for r in RECORDS.values() if r.kernel not in ("", "tile", "view")]
RUN = [pytest.param(r, id=r.name) for r in OWN]


@pytest.fixture(autouse=True)
def _attention_on_the_emulator(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cuda_attention, "launch", emulate.launch)


def on_numpy(
    record: Op, inputs: list[Any], attrs: dict[str, Any], like: list[np.ndarray], rng: tuple[int, int]
) -> list[np.ndarray]:
    """The GPU kernel's outputs for NumPy inputs; what it leaves unwritten stays visible."""
    outs = [np.full(a.shape, 77, a.dtype) for a in like]
    named = {a.name: attrs.get(a.name, a.default) for a in record.attrs}
    call = Call(record.name, np, inputs, outs, named, *rng)
    KERNELS[record.kernel](call)
    for step, others in call.then:  # rendered kernels on a device
        operands = [outs[0], *(inputs[i] for i in others)]
        outs[0][...] = run_tile(RECORDS[step].tile, outs[0].dtype.name, operands, outs[0].shape)[0]
    return outs


def as_list(value: Any) -> list[Any]:
    return list(value) if isinstance(value, (tuple, list)) else [value]


@pytest.mark.parametrize("record", RUN)
@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_agrees_with_the_cpu(record: Op, dtype: str) -> None:
    ran = 0
    for layout, inputs, attrs in harness.calls_of(record, np.dtype(dtype), harness.generator(record)):
        attrs = dict(attrs)
        if (
            any(a.name == "dtype" and a.type == "dtype" for a in record.attrs)
            and record.random
            and "int" not in record.name
        ):
            attrs.setdefault("dtype", "int64" if "permutation" in record.name else dtype)
        arrays = [None if v is None else _core.from_numpy(np.asarray(v)) for v in inputs]
        state = (1234, 5 + ran)
        _core.set_rng_state(state)
        expected = [a.asnumpy() for a in as_list(harness.function(record)(*arrays, **attrs))]
        got = on_numpy(record, [None if v is None else np.asarray(v) for v in inputs], attrs, expected, state)
        for e, g in zip(expected, got, strict=True):
            tolerance = 3e-6 if e.dtype == np.float32 else 1e-12
            tolerance = max(tolerance, record.tol.get(dtype, 0))
            np.testing.assert_allclose(g, e, rtol=tolerance, atol=tolerance, err_msg=f"{record.name} {layout} {attrs}")
        ran += 1
    assert ran


COMPLEX = [
    pytest.param(r, id=r.name)
    for r in RECORDS.values()
    if r.takes_complex and r.inputs and (r.tile is not None or r.kernel not in ("", "view"))
]


@pytest.mark.parametrize("record", COMPLEX)
def test_complex_numbers_agree_with_the_cpu(record: Op) -> None:
    ran = 0
    for layout, inputs, attrs in complex_harness.calls(record, np.dtype("complex128")):
        arrays = [None if v is None else _core.from_numpy(np.asarray(v)) for v in inputs]
        expected = [a.asnumpy() for a in as_list(harness.function(record)(*arrays, **attrs))]
        given = [None if v is None else np.asarray(v) for v in inputs]
        if record.tile is not None:
            got = [np.full(a.shape, 77, a.dtype) for a in expected]
            with np.errstate(all="ignore"):
                tile_complex.run(np, record.tile, "complex128", given, got)
        else:
            got = on_numpy(record, given, attrs, expected, (0, 0))
        for e, g in zip(expected, got, strict=True):
            np.testing.assert_allclose(g, e, rtol=1e-12, atol=1e-12, err_msg=f"{record.name} {layout} {attrs}")
        ran += 1
    assert ran


def test_every_kernel_of_the_cpu_exists() -> None:
    assert sorted({r.kernel for r in OWN} - set(KERNELS)) == []


def test_indices_out_of_range_name_axis_index_and_size() -> None:
    with pytest.raises(IndexError, match="index 7 is out of range for axis 0 of size 4"):
        on_numpy(RECORDS["take"], [np.zeros((4, 2)), np.array([0, 7])], {}, [np.zeros((2, 2))], (0, 0))


def test_bfloat16_travels_as_bits() -> None:
    import ml_dtypes

    values = np.array([1.0, -2.5, 3.14159, 1e-30, np.inf, -np.inf, 65504.0, 1.00390625], np.float32)
    bits = values.astype(ml_dtypes.bfloat16).view(np.uint16)
    np.testing.assert_array_equal(narrowed(np, values), bits)
    np.testing.assert_array_equal(widened(np, bits), values.astype(ml_dtypes.bfloat16).astype(np.float32))
    assert np.isnan(widened(np, narrowed(np, np.array([np.nan], np.float32))))[0]

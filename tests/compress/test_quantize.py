"""Eight-bit weights: the bound of the error, the network that computes with them, files."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from compress import digits

import dlcore as dl
from dlcore.compress import Quantized, quantize_weights


def image_net() -> Any:
    net = dl.gluon.nn.HybridSequential()
    net.add(dl.gluon.nn.Conv2D(6, 3, in_channels=2), dl.gluon.nn.BatchNorm(in_channels=6), dl.gluon.nn.Dense(4))
    net.initialize("xavier")
    net(dl.nd.ones((1, 2, 8, 8)))
    return net


def test_errors_are_at_most_half_a_step_of_the_channel() -> None:
    net = image_net()
    net[0].weight.set_data(np.random.randn(6, 2, 3, 3).astype(np.float32) * np.logspace(-4, 2, 6)[:, None, None, None])
    before = {name: p.data().asnumpy().copy() for name, p in net.collect_params().items()}
    small = quantize_weights(net)
    assert list(small.values) == ["0.weight", "2.weight"]
    for name, parameter in net.collect_params().items():
        now, was = parameter.data().asnumpy(), before[name]
        if name not in small.values:
            np.testing.assert_array_equal(now, was)
            continue
        rows = was.reshape(len(was), -1).astype(np.float64)
        scale = np.abs(rows).max(1) / 127
        np.testing.assert_allclose(small.scales[name], scale, rtol=1e-6)
        error = np.abs(now.reshape(rows.shape) - rows)
        # Half a step, and half a unit in the last place for writing q * scale as float32.
        assert (error <= small.scales[name][:, None] / 2.0 + np.spacing(np.abs(was.reshape(rows.shape))) / 2).all()
        assert small.errors[name] == error.max() > 0
        assert np.abs(small.values[name].reshape(rows.shape)).max(1).tolist() == [127] * len(rows)
    assert small.size_before == 4 * (6 * 18 + 4 * 216) and small.size_after == 6 * 18 + 4 * 216 + 4 * 10
    assert small.max_error == max(small.errors.values())


def test_zero_and_tiny_channels() -> None:
    net = dl.gluon.nn.Dense(3, in_units=2, use_bias=False)
    net.initialize()
    net.weight.set_data(np.array([[0, 0], [1e-44, 0], [3e38, -1e38]], np.float32))
    small = quantize_weights(net)
    assert small.values["weight"].tolist() == [[0, 0], [0, 0], [127, -42]]
    assert np.isfinite(net.weight.data().asnumpy()).all() and (small.scales["weight"] > 0).all()


def test_quantizing_twice_changes_nothing() -> None:
    net = image_net()
    first = quantize_weights(net)
    second = quantize_weights(net)
    for name in first.values:
        np.testing.assert_array_equal(first.values[name], second.values[name])


@pytest.mark.parametrize("dtype", ["float16", "bfloat16", "float64"])
def test_other_dtypes_stay_what_they_are(dtype: str) -> None:
    net = dl.gluon.nn.Dense(3, in_units=4, use_bias=False)
    net.initialize("xavier")
    net.cast(dtype)
    was = net.weight.data().asnumpy().astype(np.float64)
    small = quantize_weights(net)
    now = net.weight.data().asnumpy()
    assert now.dtype.name == dtype
    last_place = {"float16": 2**-11, "bfloat16": 2**-8, "float64": 2**-24}[dtype]
    bound = small.scales["weight"][:, None] / 2 + np.abs(was).max() * last_place
    assert (np.abs(now.astype(np.float64) - was) <= bound).all()


def test_a_compiled_network_computes_with_the_rounded_weights() -> None:
    net = digits.trained()
    before = digits.accuracy(net)
    small = quantize_weights(net)
    assert before > 0.93 and abs(digits.accuracy(net) - before) < 0.02
    x = digits.digits()[2]
    wide = [small.values[f"{k}.weight"] * small.scales[f"{k}.weight"][:, None] for k in range(2)]
    hidden = np.maximum(x @ wide[0].T + net[0].bias.data().asnumpy(), 0)
    expected = hidden @ wide[1].T + net[1].bias.data().asnumpy()
    np.testing.assert_allclose(net(dl.nd.array(x)).asnumpy(), expected, rtol=1e-4, atol=1e-4)
    assert "times smaller" in repr(small)


def test_files_are_small_and_come_back(tmp_path: Path) -> None:
    net, file, plain = image_net(), tmp_path / "small.safetensors", tmp_path / "plain.safetensors"
    big = dl.gluon.nn.Dense(256, in_units=256)
    big.initialize()
    big.save_parameters(plain)
    quantize_weights(big).save(file)
    assert file.stat().st_size < 0.27 * plain.stat().st_size
    small = quantize_weights(net)
    small.save(file)
    other = dl.gluon.nn.HybridSequential()
    other.add(dl.gluon.nn.Conv2D(6, 3), dl.gluon.nn.BatchNorm(), dl.gluon.nn.Dense(4))
    loaded = Quantized.load(file, other)
    assert loaded.size_after == small.size_after and np.isnan(loaded.max_error)
    for name, parameter in net.collect_params().items():
        np.testing.assert_array_equal(other.collect_params()[name].data().asnumpy(), parameter.data().asnumpy())
    x = dl.nd.array(np.random.randn(2, 2, 8, 8))
    np.testing.assert_array_equal(other(x).asnumpy(), net(x).asnumpy())


def test_wrong_files_are_refused(tmp_path: Path) -> None:
    net, file = image_net(), tmp_path / "w.safetensors"
    net.save_parameters(file)
    with pytest.raises(ValueError, match="not a file of Quantized.save"):
        Quantized.load(file, net)
    before = net[0].weight.data().asnumpy().copy()
    values = np.ones((6, 2, 3, 3), np.int8)
    for scales in (np.ones(5, np.float32), np.ones(6, np.float64)):
        arrays = {"int8:0.weight": values, "scale:0.weight": scales}
        dl.io.save_arrays(file, arrays, {"format": "dlcore.quantized"})
        with pytest.raises(ValueError, match=r"0\.weight: expected int8 values with a float32 scale"):
            Quantized.load(file, net)
    dl.io.save_arrays(file, {"scale:0.weight": np.ones(6, np.float32)}, {"format": "dlcore.quantized"})
    with pytest.raises(ValueError, match="w.safetensors: 0.weight: scales without values"):
        Quantized.load(file, net)
    single = type("Single", (dl.gluon.Block,), {})()
    single.factor = dl.gluon.Parameter("factor", shape=())
    single.initialize()
    with pytest.raises(ValueError, match="quantize_weights: factor: expected at least one axis, got a number"):
        quantize_weights(single, lambda name, parameter: True)
    quantize_weights(dl_dense()).save(file)
    with pytest.raises(ValueError, match="missing in the file"):
        Quantized.load(file, net)
    np.testing.assert_array_equal(net[0].weight.data().asnumpy(), before)


def dl_dense() -> Any:
    net = dl.gluon.nn.Dense(2, in_units=2)
    net.initialize()
    return net

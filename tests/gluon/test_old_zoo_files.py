"""Networks of the zoo have the parameters of MXNet's, by their names and numbers: files of those load."""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np
import pytest

import dlcore as dl
from dlcore import gluon, nd
from dlcore.gluon.model_zoo import vision

# MXNet's own table of its zoo: all values, running statistics included (VGG of 224 x 224).
SIZES = {
    "alexnet": 61_100_840, "densenet121": 8_062_504, "densenet161": 28_900_936, "inceptionv3": 23_869_000,
    "mobilenet0.25": 475_544, "mobilenet1.0": 4_253_864, "mobilenetv2_0.25": 1_526_856, "mobilenetv2_0.5": 1_983_104,
    "mobilenetv2_0.75": 2_653_864, "mobilenetv2_1.0": 3_539_136, "resnet18_v1": 11_699_112, "resnet18_v2": 11_695_796,
    "resnet34_v1": 21_814_696, "resnet50_v1": 25_629_032, "resnet50_v2": 25_595_060, "resnet101_v1": 44_695_144,
    "resnet152_v1": 60_404_072, "squeezenet1.0": 1_248_424, "squeezenet1.1": 1_235_496, "vgg11_bn": 132_874_344,
}  # fmt: skip

# Names without the network's own, which its classes make: the first, some on the way, the last.
NAMES = {
    "alexnet": "conv0_weight conv4_bias dense0_weight dense1_bias dense2_weight",
    "densenet121": "conv0_weight batchnorm0_gamma stage1_batchnorm0_beta stage1_conv11_weight batchnorm1_gamma "
    "conv1_weight stage4_conv31_weight batchnorm4_running_var dense0_bias",
    "inceptionv3": "conv0_weight conv4_weight A1_conv0_weight A3_conv6_weight B_conv3_weight C4_conv9_weight "
    "D_batchnorm5_gamma E1_conv0_weight E2_conv8_weight dense0_weight",
    "mobilenet1.0": "conv0_weight batchnorm26_running_mean dense0_weight",
    "mobilenetv2_1.0": "features_conv0_weight features_linearbottleneck0_conv0_weight "
    "features_linearbottleneck16_batchnorm2_beta features_conv1_weight output_pred_weight",
    "resnet18_v1": "conv0_weight batchnorm0_gamma stage1_conv0_weight stage1_conv3_weight stage2_conv2_weight "
    "stage4_batchnorm4_running_var dense0_weight",
    "resnet50_v1": "conv0_weight stage1_conv0_bias stage1_conv1_weight stage4_conv9_bias dense0_bias",
    "resnet18_v2": "batchnorm0_gamma conv0_weight batchnorm1_gamma stage1_batchnorm0_gamma stage2_conv2_weight "
    "batchnorm2_running_mean dense0_weight",
    "squeezenet1.0": "conv0_weight conv1_bias conv25_weight",
    "vgg11_bn": "conv0_bias batchnorm7_gamma conv7_weight dense0_weight dense2_bias",
}


@pytest.mark.parametrize("name", SIZES)
def test_a_network_is_as_large_as_mxnets(name: str) -> None:
    shapes = [p.shape for p in vision.get_model(name).collect_params().values()]
    assert sum(math.prod(s or 512 * 7 * 7 for s in shape) for shape in shapes) == SIZES[name]


@pytest.mark.parametrize("name", NAMES)
def test_parameters_are_named_as_mxnets(name: str) -> None:
    net = vision.get_model(name, classes=2)
    parameters = list(net.collect_params().values())
    found = [p.name.removeprefix(net.prefix) for p in parameters]
    assert len(set(found)) == len(found)
    assert all(p.name.startswith(net.prefix) for p in parameters)
    assert set(NAMES[name].split()) <= set(found)
    assert vision.get_model(name, classes=2).prefix != net.prefix


def test_a_file_by_names_loads_with_and_without_the_networks_own(tmp_path: Path) -> None:
    one, two = (vision.ResNetV1([1, 1], [4, 4, 8], classes=3, small=True) for _ in range(2))
    one.initialize()
    one(nd.ones((1, 3, 8, 8)))
    whole = {p.name: p.data() for p in one.collect_params().values()}
    nd.save(str(tmp_path / "short.params"), {name.removeprefix(one.prefix): a for name, a in whole.items()})
    two.load_parameters(tmp_path / "short.params")
    for p, q in zip(one.collect_params().values(), two.collect_params().values(), strict=True):
        assert np.array_equal(p.data().asnumpy(), q.data().asnumpy())
    again = vision.ResNetV1([1, 1], [4, 4, 8], classes=3, small=True, prefix=one.prefix)
    nd.save(str(tmp_path / "long.params"), whole)
    again.load_parameters(tmp_path / "long.params")
    x = nd.array(np.random.default_rng(0).random((1, 3, 8, 8)))
    assert np.array_equal(again(x).asnumpy(), one(x).asnumpy()) and np.array_equal(two(x).asnumpy(), one(x).asnumpy())
    other = vision.ResNetV1([1, 1], [4, 4, 8], classes=3, small=True)
    with pytest.raises(ValueError, match="features.0.weight: missing in the file"):
        other.load_parameters(tmp_path / "long.params")


def test_a_layer_alone_is_loaded_by_either_name(tmp_path: Path) -> None:
    net = gluon.nn.Dense(2, in_units=2, prefix="fc_")
    for names in (("weight", "bias"), ("fc_weight", "fc_bias")):
        values = {names[0]: nd.array([[1, 2], [3, len(names[0])]]), names[1]: nd.array([5, 6])}
        dl.io.save_arrays(tmp_path / "a", {name: array.asnumpy() for name, array in values.items()})
        net.load_parameters(tmp_path / "a")
        assert np.array_equal(net.weight.data().asnumpy(), values[names[0]].asnumpy())

"""Networks of the zoo have the parameters of MXNet's, by their names and numbers: files of those load."""

from __future__ import annotations

import hashlib
from pathlib import Path

import numpy as np
import pytest

import dlcore as dl
from dlcore import gluon, nd
from dlcore.gluon.model_zoo import vision

# What MXNet 1.9.1 says of each network of its zoo: path, name and shape of every parameter, summed up by SHA-256.
# The names are without the network's own, the networks made for pictures of 224 x 224 (Inception: 299 x 299).
PRINTS = {
    "resnet18_v1": "d657e19b9624", "resnet34_v1": "cd252d456d2a", "resnet50_v1": "d0be8181aa7a",
    "resnet101_v1": "9aa8d669d648", "resnet152_v1": "5e9cbefad962", "resnet18_v2": "9d37fea97d1b",
    "resnet34_v2": "ff548344fb63", "resnet50_v2": "f60e6e6827ee", "resnet101_v2": "a9029f924440",
    "resnet152_v2": "9fce4568426b", "vgg11": "7567204ec1dd", "vgg13": "d71a4696232a", "vgg16": "0764692ad594",
    "vgg19": "7d55feeab25c", "vgg11_bn": "a0a8b1effa89", "vgg13_bn": "cbafade0a0d9", "vgg16_bn": "5fa6f4c7e4ba",
    "vgg19_bn": "871debfe3c20", "alexnet": "06e798f7f3f7", "densenet121": "21c71360e732",
    "densenet161": "dd2a08c37951", "densenet169": "f82ac2c28976", "densenet201": "b42ed9c85f86",
    "squeezenet1.0": "61751456c0b0", "squeezenet1.1": "9ba5b11469cd", "inceptionv3": "ef602d27d28b",
    "mobilenet1.0": "878450336093", "mobilenet0.75": "8485e92f9ed3", "mobilenet0.5": "deb3d8885542",
    "mobilenet0.25": "dc63b430ef9e", "mobilenetv2_1.0": "7860eddd0056", "mobilenetv2_0.75": "d20af45c010b",
    "mobilenetv2_0.5": "89046dc47522", "mobilenetv2_0.25": "82cebc1667ed", "resnet18_v1 thumbnail": "677a05af40f2",
    "resnet50_v2 thumbnail": "e303c99ece79",
}  # fmt: skip


def printed(net: gluon.Block) -> str:
    """The sum over a network of ours; what only a picture tells, the inputs of VGG's first wide layer, is given."""
    lines = []
    for path, parameter in sorted(net.collect_params().items()):
        shape = "x".join(str(length or 512 * 7 * 7) for length in parameter.shape)
        lines.append(f"{path} {parameter.name.removeprefix(net.prefix)} {shape}")
    return hashlib.sha256("\n".join(lines).encode()).hexdigest()[:12]


@pytest.mark.parametrize("name", PRINTS)
def test_files_by_structure_and_by_name_fit(name: str) -> None:
    which, _, small = name.partition(" ")
    net = vision.get_model(which, **({"thumbnail": True, "classes": 10} if small else {}))
    names = [p.name for p in net.collect_params().values()]
    assert len(set(names)) == len(names) and all(n.startswith(net.prefix) for n in names)
    assert printed(net) == PRINTS[name]
    assert vision.get_model(which, classes=2).prefix != net.prefix


def test_a_file_by_names_loads_with_and_without_the_networks_own(tmp_path: Path) -> None:
    one, two = (vision.ResNetV1(vision.BasicBlockV1, [1, 1], [4, 4, 8], classes=3, thumbnail=True) for _ in range(2))
    one.initialize()
    one(nd.ones((1, 3, 8, 8)))
    whole = {p.name: p.data() for p in one.collect_params().values()}
    nd.save(str(tmp_path / "short.params"), {name.removeprefix(one.prefix): a for name, a in whole.items()})
    two.load_parameters(tmp_path / "short.params")
    for p, q in zip(one.collect_params().values(), two.collect_params().values(), strict=True):
        assert np.array_equal(p.data().asnumpy(), q.data().asnumpy())
    again = vision.ResNetV1(vision.BasicBlockV1, [1, 1], [4, 4, 8], classes=3, thumbnail=True, prefix=one.prefix)
    nd.save(str(tmp_path / "long.params"), whole)
    again.load_parameters(tmp_path / "long.params")
    x = nd.array(np.random.default_rng(0).random((1, 3, 8, 8)))
    assert np.array_equal(again(x).asnumpy(), one(x).asnumpy()) and np.array_equal(two(x).asnumpy(), one(x).asnumpy())
    other = vision.ResNetV1(vision.BasicBlockV1, [1, 1], [4, 4, 8], classes=3, thumbnail=True)
    with pytest.raises(ValueError, match="features.0.weight: missing in the file"):
        other.load_parameters(tmp_path / "long.params")


def test_a_layer_alone_is_loaded_by_either_name(tmp_path: Path) -> None:
    net = gluon.nn.Dense(2, in_units=2, prefix="fc_")
    for names in (("weight", "bias"), ("fc_weight", "fc_bias")):
        values = {names[0]: nd.array([[1, 2], [3, len(names[0])]]), names[1]: nd.array([5, 6])}
        dl.io.save_arrays(tmp_path / "a", {name: array.asnumpy() for name, array in values.items()})
        net.load_parameters(tmp_path / "a")
        assert np.array_equal(net.weight.data().asnumpy(), values[names[0]].asnumpy())

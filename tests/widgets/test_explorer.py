"""The Python side of the explorer: what it answers, between which steps, and that it asks for nothing unasked."""

import io
import json
import time
import xml.etree.ElementTree as ElementTree

import numpy as np
import pytest

pytest.importorskip("anywidget")

from PIL import Image  # noqa: E402

import dlcore as dl  # noqa: E402
from dlcore.widgets.explorer import Explorer, explore, mermaid, svg  # noqa: E402
from dlcore.widgets.explorer.raster import png  # noqa: E402
from dlcore.widgets.explorer.static import Words, drawing  # noqa: E402

nn = dl.gluon.nn


def small(init=True):
    net = nn.HybridSequential()
    net.add(nn.Conv2D(4, 3, activation="relu"), nn.Dense(3))
    if init:
        net.initialize(dl.init.Xavier())
    return net


@pytest.fixture
def data():
    rng = np.random.default_rng(0)
    return rng.normal(size=(64, 1, 6, 6)).astype("float32"), rng.integers(0, 3, 64).astype("int32")


def heard(explorer: Explorer):
    explorer.sent = []
    explorer.send = lambda content, buffers=None: explorer.sent.append((content, buffers))

    def ask(**content):
        explorer.sent.clear()
        explorer._receive(explorer, content, [])
        for answer, _ in explorer.sent:
            json.dumps(answer, allow_nan=False)
        return explorer.sent

    return ask


def test_the_page_gets_the_structure_then_looks_and_pictures_as_bytes(data):
    ask = heard(explore(small(), data, name="net"))
    (content, _), *rest = ask(type="hello")
    assert not rest and [row["path"] for row in content["rows"]] == ["input", "", "0", "1"]
    assert content["edges"] == [(0, 2), (2, 3)]
    (content, buffers), *rest = ask(type="look", path="0", fresh=True)
    assert not rest and content["type"] == "look" and content["path"] == "0"
    shapes = [entry["tiles"] for entry in content["measures"] if entry["tiles"]]
    assert [len(data) for data in buffers] == [np.prod(shape) for shape in shapes]
    sections = [entry["section"] for entry in content["measures"]]
    assert sections == ["weights", "weights", "activations", "gradients", "gradients", "gradients"]


def test_a_network_that_did_not_change_is_not_looked_at_again(data):
    net = small()
    ask = heard(explore(net, data))
    ask(type="look", path="0", fresh=True)
    assert ask(type="look", path="0")[0][0]["type"] == "same"
    net[0].bias.set_data(dl.np.ones(4))
    assert ask(type="look", path="0")[0][0]["type"] == "look"


def test_a_training_network_is_looked_at_between_steps_and_trains_to_the_same_bits(data):
    def trained(watch):
        dl.random.seed(5)
        net = small()
        run = dl.run.train(net, data, epochs=40, batch=8, lr=0.05, seed=5, background=True, show=False)
        steps = []
        if watch:
            explorer = explore(net, data)
            explorer.send = lambda content, buffers=None: steps.append(content.get("step"))
            while not run.ended:
                explorer._receive(explorer, {"type": "look", "path": "0"}, [])
                time.sleep(0.02)
        run.wait(60)
        assert not run._listeners._listeners
        # A look at the very end may find nothing that trains, and says no step.
        return [p.data().asnumpy() for p in net.collect_params().values()], [s for s in steps if s is not None]

    plain, _ = trained(False)
    watched, steps = trained(True)
    for a, b in zip(plain, watched, strict=True):
        np.testing.assert_array_equal(a, b)
    assert steps and sorted(steps) == steps


def test_connections_come_with_the_weights(data):
    net = small(init=False)
    ask = heard(explore(net, data))
    assert "initialize()" in ask(type="hello")[0][0]["note"]
    net.initialize()
    net(dl.np.array(data[0][:1]))
    kinds = [content["type"] for content, _ in ask(type="look", path="0", fresh=True)]
    assert kinds == ["structure", "look"]


def test_errors_go_to_the_page(data):
    ask = heard(explore(small(), data))
    assert "there is no layer 'x'" in ask(type="look", path="x", fresh=True)[0][0]["text"]


def test_the_program_of_a_layer(data):
    ask = heard(explore(small(), data))
    content = ask(type="program", path="1")[0][0]
    assert [call.count("dense(") for call in content["calls"]] == [1] and content["count"] >= 2


def test_pictures_of_a_folded_graph_are_valid_and_hold_every_visible_row():
    net = dl.gluon.model_zoo.vision.get_model("resnet18_v1", classes=10)
    net.initialize()
    found = explore(net, input=(3, 32, 32), name="net <18>").structure

    def rows(text):
        return len(ElementTree.fromstring(text).findall(".//{http://www.w3.org/2000/svg}tspan[@font-weight]"))

    assert 20 <= rows(svg(found)) <= 42
    assert rows(svg(found, set())) == len(found.layers)
    text = mermaid(found, {"features"})
    assert text.count("subgraph") == 1 == text.count("\n  end") and "-->" in text
    folded = mermaid(found, {""})
    assert folded.count("-->") == 1


def test_the_picture_is_there_without_svg_as_well_and_bounded():
    deep = nn.HybridSequential()
    deep.add(*[nn.Dense(4, in_units=4) for _ in range(300)])
    deep.initialize()
    explorer = explore(deep, input=(4,), name="deep")
    data, metadata = explorer._repr_mimebundle_()
    picture = Image.open(io.BytesIO(data["image/png"]))
    assert picture.width == 2 * metadata["image/png"]["width"] == 2 * 880
    # 60 of 302 rows, and a line that says how many are missing; what is drawn reaches down to it.
    assert picture.height == 2 * metadata["image/png"]["height"] == 2 * (61 * 24 + 12)
    ink = np.asarray(picture.convert("L")) < 160
    rows = ink[12:-12].reshape(61, 48, -1).any(axis=(1, 2))
    assert rows.all() and len(data["image/png"]) < 150_000
    shallow = drawing(explorer.structure, None, 60)[0]
    assert [piece[0] for mark in shallow if isinstance(mark, Words) for piece in mark.pieces][-1] == "… 242 rows more"


def test_five_hundred_layers_are_described_in_a_moment():
    net = nn.HybridSequential()
    for _ in range(50):
        block = nn.HybridSequential()
        block.add(*[nn.Dense(4, in_units=4) for _ in range(10)])
        net.add(block)
    net.initialize()
    explorer = explore(net, input=(4,))
    assert len(explorer.structure.layers) == 552 and len(explorer.structure.edges) == 500
    assert len(explorer._repr_mimebundle_()[0]["image/svg+xml"]) < 60_000


def test_an_edge_that_brings_the_wrong_shape_is_red_in_the_page_and_in_the_picture(data):
    net = nn.HybridSequential()
    net.add(nn.Conv2D(4, 3, in_channels=1), nn.Conv2D(4, 3, in_channels=5), nn.Dense(3))
    net.initialize()
    ask = heard(explorer := explore(net, data))
    content = ask(type="hello")[0][0]
    assert content["wrong"] == [(2, 3)] and "C = 5" in content["note"]
    assert explorer.svg().count("#b71c1c") == 1

    def red(found):
        pixels = np.asarray(Image.open(io.BytesIO(png(found)[0])).convert("RGB")).astype(int)
        return int(((pixels[..., 0] > 150) & (pixels[..., 1:].max(axis=-1) < 80)).sum())

    assert red(explorer.structure) > 100 and red(explore(small(), data).structure) == 0


def test_samples_are_pictures_and_a_click_tells_what_the_decision_rests_on(data):
    net = small()
    ask = heard(explore(net, data))
    (content, (tiles,)), *rest = ask(type="pictures")
    assert not rest and (content["count"], content["rows"], content["columns"]) == (16, 6, 6)
    seen = np.frombuffer(tiles, np.uint8).reshape(16, 6, 6, 3)[3, :, :, 0].astype(int)
    picture = data[0][3, 0]
    np.testing.assert_allclose(seen, (picture - picture.min()) / np.ptp(picture) * 255, atol=1)
    for way in ("saliency", "gradients", "grad_cam"):
        content, (heat,) = ask(type="saliency", sample=3, way=way)[0]
        assert content["type"] == "saliency" and content["target"] == int(net(dl.np.array(data[0][3:4])).argmax())
        values = np.frombuffer(heat, np.uint8).reshape(content["rows"], content["columns"])
        assert values.max() == 255
    expected = np.abs(dl.interpret.saliency(net, dl.np.array(data[0][3:4])).values[0, 0])
    content, (heat,) = ask(type="saliency", sample=3, way="saliency")[0]
    np.testing.assert_allclose(np.frombuffer(heat, np.uint8).reshape(6, 6), expected / expected.max() * 255, atol=1)
    assert "no sample 99" in ask(type="saliency", sample=99, way="saliency")[0][0]["text"]
    assert ask(type="saliency", sample=0, way="magic")[0][0]["type"] == "error"


def test_samples_that_are_no_pictures_are_not_drawn():
    net = nn.Dense(3, in_units=4)
    net.initialize()
    assert heard(explore(net, input=(4,)))(type="pictures")[0][0] == {
        "type": "pictures", "count": 0, "note": "the samples are no pictures"
    }  # fmt: skip


def test_the_explorer_follows_a_network_that_was_edited():
    from dlcore.kernel_ext.language import make, rewrite

    net = make("input 4\ndense 3\ndense 2")
    explorer = explore(net)
    ask = heard(explorer)
    rewrite(net, "input 6\ndense 3\nrelu\ndense 2")
    explorer.follow(net)
    assert [row["path"] for row in explorer.sent[-1][0]["rows"]] == ["input", "", "dense1", "relu1", "dense2"]
    assert explorer.sent[-1][0]["rows"][0]["shape"] == [6] and not explorer.sent[-1][0]["wrong"]
    assert ask(type="look", path="relu1")[0][0]["type"] == "look"

"""Networks made from text, on the real core: they compute what Gluon computes, train, save, compile and copy."""

from __future__ import annotations

import copy
import pickle
import warnings

import numpy as np
import pytest

import dlcore as dl
from dlcore import autograd, gluon
from dlcore.gluon import nn
from dlcore.kernel_ext.language import NetworkError, make, parse
from dlcore.kernel_ext.language.kinds import shape_text

LENET = "input 1x28x28\nconv 8 3x3 pad 1 relu\nmaxpool 2\nflatten\ndense 16 relu\ndense 10"


def batch(*shape, seed=0):
    return dl.np.array(np.random.default_rng(seed).standard_normal(shape).astype(np.float32))


def test_a_network_is_a_hybrid_block_with_readable_names():
    net = make(LENET, name="lenet")
    assert isinstance(net, gluon.HybridBlock)
    assert net.name == "lenet"
    assert list(net.collect_params()) == [
        "conv1.weight", "conv1.bias", "dense1.weight", "dense1.bias", "dense2.weight", "dense2.bias"
    ]  # fmt: skip
    assert net.conv1.weight.shape == (8, 1, 3, 3)
    assert net(batch(2, 1, 28, 28)).shape == (2, 10)


@pytest.mark.parametrize(
    "text",
    [
        "input 3x9x8\nconv 4 3x3 stride 2x1 pad 1x2 relu",
        "input 3x9x8\nconv 6 3 dilate 2 groups 3 nobias",
        "input 3x9x9\nconv 4 5x5 pad same stride 2\nbatchnorm relu",
        "input 3x9x8\nmaxpool 3 stride 2 pad 1",
        "input 3x9x8\navgpool 3 stride 2 pad 1",
        "input 3x9x8\nglobalpool",
        "input 3x9x8\nflatten\ndense 5 tanh nobias",
        "input 3x9x8\ndense 5",
        "input 7x6\ndense 5 noflatten sigmoid",
        "input 7x6\nlayernorm gelu",
        "input 7x6\nbatchnorm",
        "input 6\ndropout 0.5\nsoftmax",
        "input 6\nleakyrelu 0.2",
        "input 12\nreshape 3x2x2\nconv 2 2x2",
        "input 3x8x8\na = conv 4 3x3 pad 1\nb = conv 6 1x1 relu from a\nconcat a b relu\nc = conv 4 1x1\nadd c a relu",
        "input 5\na = dense 5\nb = dense 5 from a\nmultiply a b sigmoid",
        "input 3x4\na = relu\nconcat a a axis 2",
        "input 6\nelu\nsilu\nsoftplus\nsoftsign\nidentity",
    ],
)
def test_the_shapes_that_are_told_are_those_that_are_computed(text):
    net = make(text)
    x = batch(2, *net.shapes[0])
    x.attach_grad()
    with autograd.record():
        out = net(x)
        (out * out).sum().backward()
    assert tuple(out.shape) == (2, *net.shapes[-1])
    assert x.grad.asnumpy().any()
    for path, parameter in net.collect_params().items():
        if parameter.grad_req != "null":
            assert parameter.grad().asnumpy().any(), path


def test_an_embedding_takes_indices():
    net = make("input 5\nembedding 20 4\nlayernorm\ndense 3")
    indices = dl.np.array(np.arange(10).reshape(2, 5) % 20)
    assert net(indices).shape == (2, 3)


def test_it_computes_what_the_same_layers_compute():
    net = make(LENET)
    twin = nn.HybridSequential()
    twin.add(
        nn.Conv2D(8, 3, padding=1, activation="relu"),
        nn.MaxPool2D(2),
        nn.Flatten(),
        nn.Dense(16, activation="relu"),
        nn.Dense(10),
    )
    twin.initialize()
    x = batch(3, 1, 28, 28)
    twin(x)
    pairs = zip(twin.collect_params().values(), net.collect_params().values(), strict=True)
    for theirs, ours in pairs:
        theirs.set_data(ours.data())
    np.testing.assert_array_equal(net(x).asnumpy(), twin(x).asnumpy())


def test_a_residual_block_adds():
    net = make("input 4\nx = identity\ndense 4 nobias\nadd x relu")
    weight = net.dense1.weight.data().asnumpy()
    x = batch(3, 4)
    expected = np.maximum(x.asnumpy() @ weight.T + x.asnumpy(), 0)
    np.testing.assert_allclose(net(x).asnumpy(), expected, rtol=1e-5, atol=1e-6)


def test_concat_keeps_the_order_of_the_names():
    net = make("input 2\na = dense 2 nobias\nb = identity\nc = dense 3 nobias from a\nconcat c b")
    x = batch(2, 2)
    a = x.asnumpy() @ net.a.weight.data().asnumpy().T
    c = a @ net.c.weight.data().asnumpy().T
    np.testing.assert_allclose(net(x).asnumpy(), np.concatenate([c, a], 1), rtol=1e-5, atol=1e-6)


def test_every_turn_of_a_repeat_has_its_own_parameters():
    net = make("input 4\nrepeat 3:\n    dense 4 relu")
    weights = [p.data().asnumpy() for path, p in net.collect_params().items() if path.endswith("weight")]
    assert len(weights) == 3
    assert not np.array_equal(weights[0], weights[1])


def test_a_compiled_network_gives_the_same():
    net = make("input 3x8x8\nx = conv 4 3x3 pad 1\nrepeat 2:\n    y = identity\n    conv 4 3x3 pad 1 relu\n    add y\n"
               "concat x\nbatchnorm relu\nglobalpool\ndense 3")  # fmt: skip
    x = batch(5, 3, 8, 8)
    plain = net(x).asnumpy()
    net.hybridize()
    np.testing.assert_allclose(net(x).asnumpy(), plain, rtol=1e-5, atol=1e-6)


def test_it_learns():
    rng = np.random.default_rng(0)
    x = rng.standard_normal((64, 4)).astype(np.float32)
    y = (x[:, 0] * x[:, 1] > 0).astype(np.int64)
    net = make("input 4\ndense 32 tanh\ndense 2")
    trainer = gluon.Trainer(net.collect_params(), "adam", {"learning_rate": 0.02})
    loss_of = gluon.loss.SoftmaxCrossEntropyLoss()
    losses = []
    for _ in range(120):
        with autograd.record():
            loss = loss_of(net(dl.np.array(x)), dl.np.array(y)).mean()
        loss.backward()
        trainer.step(1)
        losses.append(float(loss))
    assert losses[-1] < 0.5 * losses[0]


def test_saving_and_loading(tmp_path):
    text = "input 3x8x8\nrepeat 2:\n    conv 4 3x3 pad 1 relu\nbatchnorm\nglobalpool\ndense 3"
    first, second = make(text), make(text)
    x = batch(2, 3, 8, 8)
    first.save_parameters(tmp_path / "net.safetensors")
    assert not np.array_equal(first(x).asnumpy(), second(x).asnumpy())
    second.load_parameters(tmp_path / "net.safetensors")
    np.testing.assert_array_equal(first(x).asnumpy(), second(x).asnumpy())


@pytest.mark.parametrize("duplicate", [copy.deepcopy, lambda net: pickle.loads(pickle.dumps(net))])
def test_copies_are_whole_and_apart(duplicate):
    net = make("input 4\nx = identity\ndense 4 relu\nadd x")
    twin = duplicate(net)
    x = batch(2, 4)
    before = net(x).asnumpy()
    np.testing.assert_array_equal(twin(x).asnumpy(), before)
    twin.dense1.weight.set_data(twin.dense1.weight.data() * 0)
    np.testing.assert_array_equal(net(x).asnumpy(), before)
    assert not np.array_equal(twin(x).asnumpy(), before)
    assert twin.to_source() == net.to_source()


def test_the_gluon_summary_works(capsys):
    make(LENET, name="lenet").summary((2, 1, 28, 28))
    assert "conv1 (Conv2D)" in capsys.readouterr().out


# --- use


def test_use_makes_a_fresh_copy_of_a_network():
    names = {"trunk": make("input 4\ndense 3 relu")}
    net = make("input 4\nuse trunk\ndense 2", names)
    assert list(net.collect_params())[:2] == ["trunk1.dense1.weight", "trunk1.dense1.bias"]
    assert net.trunk1.dense1.weight is not names["trunk"].dense1.weight
    assert not np.array_equal(net.trunk1.dense1.weight.data().asnumpy(), names["trunk"].dense1.weight.data().asnumpy())


def test_use_takes_a_gluon_block_itself():
    shared = nn.Dense(4, in_units=4)
    shared.initialize()
    before = shared.weight.data().asnumpy()
    net = make("input 4\nuse shared\nuse shared\ndense 2", {"shared": shared})
    assert net.shared1 is shared and net.shared2 is shared
    np.testing.assert_array_equal(shared.weight.data().asnumpy(), before)
    x = batch(2, 4)
    hidden = x.asnumpy()
    for _ in range(2):
        hidden = hidden @ before.T + shared.bias.data().asnumpy()
    np.testing.assert_allclose(net.shared2(net.shared1(x)).asnumpy(), hidden, rtol=1e-5, atol=1e-6)


def test_use_takes_an_expression_and_a_class():
    net = make("input 3x8x8\nuse {nn.Conv2D(5, 3)}\nuse Flat()\nuse {nn.Dense(2)}", {"nn": nn, "Flat": nn.Flatten})
    assert net.shapes == [(3, 8, 8), (5, 6, 6), (180,), (2,)]
    assert net.block1.weight.shape == (5, 3, 3, 3)


def test_a_gluon_block_that_does_not_fit_says_so_at_its_line():
    with pytest.raises(NetworkError) as caught:
        make("input 3x8x8\nuse dense", {"dense": nn.Dense(2, in_units=7)})
    assert caught.value.lineno == 2 and caught.value.caret == "use"
    assert caught.value.message.startswith("dense1 cannot take 3x8x8: ")


def test_a_network_with_an_input_line_keeps_to_it():
    names = {"lenet": make(LENET, name="lenet")}
    with pytest.raises(NetworkError) as caught:
        make("input 3x28x28\nuse lenet", names)
    assert caught.value.message == "lenet expects 1x28x28, but gets 3x28x28\n  in lenet, line 1: input 1x28x28"


def test_a_reusable_block_makes_networks_in_python():
    block = make("%%network block(channels, stride=1)\nconv channels 3x3 pad 1 stride stride\nbatchnorm relu")
    net = block(4, stride=2)
    assert net(batch(2, 3, 8, 8)).shape == (2, 4, 4, 4)
    assert net.to_source() == block.to_source()
    with pytest.raises(TypeError, match="block needs a value for channels"):
        block()


def test_a_pickled_block_takes_only_what_it_mentions():
    names = {"n": 3, "kernel": (3, 3), "other": lambda: None, "size": 2}
    names["inner"] = make("%%network inner(c={n})\ndense c relu", names)
    block = make(
        "%%network block(c)\nconv c {kernel} pad {[k // 2 for k in kernel]}\nreshape {size}x2\nuse inner()", names
    )
    twin = pickle.loads(pickle.dumps(block))
    assert set(twin.namespace) == {"kernel", "size", "inner"}
    assert set(twin.namespace["inner"].namespace) == {"n"}
    assert make("input 1x2x1\nuse twin(2)", {"twin": twin}).shapes[-1] == (3,)


def test_a_layer_can_be_replaced():
    net = make(LENET)
    net.dense2 = nn.Dense(3)
    net.dense2.initialize()
    assert net(batch(2, 1, 28, 28)).shape == (2, 3)
    assert net.layers[-1] is net.dense2


# --- calls


def test_a_wrong_batch_is_told_what_was_expected():
    net = make(LENET, name="lenet")
    with pytest.raises(ValueError, match=r"lenet expects a batch of 1x28x28.*but got \(2, 784\)"):
        net(batch(2, 784))


def test_two_inputs_are_two_arguments():
    net = make("a = input 3\nb = input 3\nadd a b")
    np.testing.assert_allclose(net(batch(2, 3), batch(2, 3)).asnumpy(), 2 * batch(2, 3).asnumpy())
    with pytest.raises(ValueError, match="takes 2 inputs, but got 1"):
        net(batch(2, 3))


def test_values_are_let_go_when_nobody_needs_them():
    net = make("input 4\na = dense 4\nrelu\ntanh\nadd a")
    assert net._last_use == [[], [0], [], [2], [1, 3]]


# --- first values


def test_parameters_have_values_at_once():
    net = make(LENET)
    weight = net.dense1.weight.data().asnumpy()
    bound = np.sqrt(3 / ((weight.shape[0] + weight.shape[1]) / 2))  # Xavier (Glorot and Bengio 2010), uniform
    assert np.abs(weight).max() <= bound
    assert np.abs(weight).max() > 0.9 * bound
    assert not net.dense1.bias.data().asnumpy().any()


def test_initialize_starts_anew_until_something_was_learned():
    net = make("input 4\ndense 3")
    before = net.dense1.weight.data().asnumpy()
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        net.initialize()
        assert not np.array_equal(net.dense1.weight.data().asnumpy(), before)
        net.initialize("ones")
    assert (net.dense1.weight.data().asnumpy() == 1).all()
    net.dense1.weight.set_data(net.dense1.weight.data() * 2)
    with pytest.warns(UserWarning, match="already initialized"):
        net.initialize()
    assert (net.dense1.weight.data().asnumpy() == 2).all()
    net.initialize("ones", force_reinit=True)
    assert (net.dense1.weight.data().asnumpy() == 1).all()


def test_initialize_leaves_a_shared_block_alone():
    shared = nn.Dense(4, in_units=4)
    shared.initialize("ones")
    net = make("input 4\nuse shared\ndense 2", {"shared": shared})
    net.initialize()
    assert (shared.weight.data().asnumpy() == 1).all()


def test_a_copy_still_knows_that_nothing_was_learned():
    net = copy.deepcopy(make("input 4\ndense 3"))
    net.initialize("ones")
    assert (net.dense1.weight.data().asnumpy() == 1).all()


def test_shapes_are_learned_from_the_first_batch_without_an_input_line():
    net = make("conv 4 3x3\nflatten\ndense 2")
    assert net.shapes == [None] * 4
    assert net(batch(2, 3, 8, 8)).shape == (2, 2)
    assert net.conv1.weight.shape == (4, 3, 3, 3)


def test_the_text_makes_the_network_again():
    text = (
        f"%%network n\ninput {shape_text((3, 8, 8))}\n# body\nrepeat 2:\n    conv 3 3x3 pad same relu  # keeps\nflatten"
    )
    net = make(text)
    assert net.to_source() == text
    assert parse(net.to_source()) == net.plan.program

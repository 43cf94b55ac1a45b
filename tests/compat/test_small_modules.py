"""The small modules that old code asks for: profiler, runtime, util, rnn, the oldest model."""

from __future__ import annotations

import json
import threading
import time
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import dlcore as dl
from dlcore import profiler


def test_spans_counters_and_marks_become_a_trace(tmp_path: Path) -> None:
    file = tmp_path / "trace.json"
    profiler.set_config(filename=str(file), profile_all=True, aggregate_stats=True)
    domain = profiler.Domain("data")
    domain.new_task("before it runs").start()
    profiler.set_state("run")
    for _ in range(3):
        with domain.new_task("load"):
            time.sleep(0.002)
    thread = threading.Thread(target=lambda: profiler.Event("elsewhere").__enter__().stop())
    thread.start()
    thread.join()
    counter = domain.new_counter("samples", 1)
    counter += 4
    profiler.Marker("here", domain).mark("thread")
    profiler.pause()
    counter -= 2
    profiler.resume()
    table = profiler.dumps()
    spans = json.loads(profiler.dumps(format="json", sort_by="count"))["spans"]
    profiler.dump()
    events = json.loads(file.read_text())["traceEvents"]
    profiler.dumps(reset=True)
    assert spans["data load"]["count"] == 3 and spans["data load"]["min"] >= 2 and "elsewhere" in table
    assert [e["args"]["samples"] for e in events if e["ph"] == "C"] == [1, 5]
    assert {e["name"] for e in events} == {"load", "elsewhere", "samples", "here"}
    assert len({e["tid"] for e in events if e["ph"] == "X"}) == 2
    with profiler.Event("after"):
        pass
    assert json.loads(profiler.dumps(format="json")) == {"spans": {}}


@pytest.mark.parametrize(
    ("call", "kind", "said"),
    [
        (lambda: profiler.set_config(file="x"), TypeError, "no argument is called file"),
        (lambda: profiler.set_state("go"), ValueError, "must be 'run' or 'stop'"),
        (lambda: profiler.Event("e").stop(), RuntimeError, "stopped before it began"),
        (lambda: profiler.dumps(sort_by="name"), ValueError, "sorted by 'name'"),
        (lambda: dl.runtime.Features().is_enabled("MAGIC"), RuntimeError, "'MAGIC' is unknown"),
    ],
)
def test_wrong_use_is_named(call: Any, kind: type[Exception], said: str) -> None:
    with pytest.raises(kind, match=said):
        call()


SENTENCES = [[1, 2, 3], [4, 5, 6], [7, 8], [9, 1], [2, 2, 2, 2], [3, 3, 3, 3, 3, 3, 3]]


@pytest.mark.parametrize("layout", ["NT", "TN"])
def test_sentences_come_in_buckets(layout: str) -> None:
    dl.random.seed(3)
    with pytest.warns(UserWarning, match="1 sentences are longer than the largest bucket, 4"):
        batches = dl.rnn.BucketSentenceIter(SENTENCES, 1, buckets=[2, 4], invalid_label=0, layout=layout)
    assert batches.default_bucket_key == 4 and batches.provide_data[0].shape == ((1, 4) if layout == "NT" else (4, 1))
    orders = []
    for _ in range(2):
        found = []
        for batch in batches:
            data, label = (a[0].asnumpy().reshape(-1) for a in (batch.data, batch.label))
            assert len(data) == batch.bucket_key and batch.provide_label[0].shape == batch.label[0].shape
            np.testing.assert_array_equal(label, [*data[1:], 0])
            found.append(tuple(int(n) for n in data if n))
        assert sorted(found) == sorted(map(tuple, SENTENCES[:5]))
        orders.append(found)
        batches.reset()
    assert orders[0] != orders[1]


def test_a_bucketing_module_trains_on_them() -> None:
    dl.random.seed(1)
    batches = dl.rnn.BucketSentenceIter([[1, 2, 1, 2], [2, 1, 2]] * 8, 4, buckets=[3, 4], invalid_label=0)

    def network(length: int) -> Any:
        out = dl.sym.Embedding(dl.sym.var("data"), input_dim=3, output_dim=4, name="words")
        out = dl.sym.FullyConnected(dl.sym.reshape(out, shape=(-1, 4)), num_hidden=3, name="out")
        label = dl.sym.reshape(dl.sym.var("softmax_label"), shape=(-1,))
        return (
            dl.sym.SoftmaxOutput(out, label, use_ignore=True, ignore_label=0, name="softmax"),
            ("data",),
            ("softmax_label",),
        )

    model = dl.mod.BucketingModule(network, default_bucket_key=batches.default_bucket_key)
    metric = dl.metric.Perplexity(0)
    model.fit(batches, eval_metric=metric, num_epoch=30, optimizer_params={"learning_rate": 0.3})
    assert dict(model.score(batches, dl.metric.Perplexity(0)))["perplexity"] < 1.2


def test_words_become_numbers() -> None:
    coded, vocab = dl.rnn.encode_sentences([["a", "b"], ["c"]], invalid_label=1)
    assert coded == [[0, 2], [3]] and vocab["\n"] == 1
    known = {"a": 5, "<unk>": 6}
    assert dl.rnn.encode_sentences([["a", "z"]], known, unknown_token="<unk>") == ([[5, 6]], known)
    with pytest.raises(ValueError, match="'z' is not in the vocabulary of 2 words"):
        dl.rnn.encode_sentences([["z"]], known)
    with pytest.raises(ValueError, match="no length has 9 sentences"):
        dl.rnn.BucketSentenceIter([[1]], 9)


def test_the_oldest_model_trains_saves_and_goes_on(tmp_path: Path) -> None:
    dl.random.seed(2)
    rng = np.random.default_rng(0)
    x = rng.normal(size=(96, 4)).astype("float32")
    y = x[:, :3].argmax(1).astype("float32")
    net = dl.sym.SoftmaxOutput(dl.sym.FullyConnected(dl.sym.var("data"), num_hidden=3), name="softmax")
    model = dl.model.FeedForward.create(net, x, y, num_epoch=20, numpy_batch_size=32, learning_rate=0.5)
    assert model.score(x, y) > 0.85
    model.save(tmp_path / "old")
    again = dl.model.FeedForward.load(tmp_path / "old", 20, num_epoch=40, learning_rate=0.5, numpy_batch_size=32)
    np.testing.assert_allclose(again.predict(x), model.predict(x), rtol=1e-6)
    again.fit(dl.io.NDArrayIter(x, y, 32), eval_data=(x, y))
    assert again.score(x, y) >= model.score(x, y) and again.predict(x[:5]).shape == (5, 3)
    with pytest.raises(RuntimeError, match="call fit or load first"):
        dl.model.FeedForward(net).predict(x)


def test_a_registry_makes_classes_by_name() -> None:
    from dlcore.compat import registry

    class Attack:
        def __init__(self, strength: int = 1) -> None:
            self.strength = strength

    class Noise(Attack):
        pass

    register, create = registry.get_register_func(Attack, "attack"), registry.get_create_func(Attack, "attack")
    assert register(Noise) is Noise and registry.get_registry(Attack) == {"noise": Noise}
    assert registry.get_alias_func(Attack, "attack")("hiss", "buzz")(Noise) is Noise
    made = create("Hiss", 3)
    assert isinstance(made, Noise) and made.strength == 3 and create(made) is made
    assert create('{"attack": "buzz", "strength": 4}').strength == create(attack="noise", strength=4).strength == 4
    with pytest.raises(ValueError, match="create attack: expected one of buzz, hiss, noise, got 'blur'"):
        create("blur")
    with pytest.raises(TypeError, match="register attack: expected a subclass of Attack, got <class 'int'>"):
        register(int)
    with pytest.raises(ValueError, match="create attack: a Attack takes no further arguments"):
        create(create("buzz"), 3)
    with pytest.raises(TypeError, match="expected a name or a Attack, got 3"):
        create(3)


def test_what_libraries_take_from_the_old_modules_is_there() -> None:
    from dlcore import compat

    compat.install()
    try:
        from mxnet.contrib.amp import amp
        from mxnet.gluon.data.dataloader import DataLoader, _as_in_context, default_batchify_fn, default_mp_batchify_fn
        from mxnet.gluon.model_zoo import model_store
        from mxnet.gluon.nn import basic_layers, conv_layers
        from mxnet.gluon.utils import _get_repo_file_url
        from mxnet.image.image import _get_interp_method
        from mxnet.metric import check_label_shapes
        from mxnet.symbol.contrib import SyncBatchNorm
    finally:
        compat.uninstall()
    assert amp is dl.amp and basic_layers is conv_layers is dl.gluon.nn and DataLoader is dl.gluon.data.DataLoader
    assert default_mp_batchify_fn is default_batchify_fn
    x, (y,) = _as_in_context([dl.nd.ones((2,)), (dl.nd.ones((3,)),)], dl.cpu())
    assert x.shape == (2,) and y.shape == (3,)
    assert _get_repo_file_url("gluon", "a.zip").endswith("/gluon/a.zip")
    with pytest.raises(FileNotFoundError, match="lstm: no trained weights are offered"):
        model_store.get_model_file("lstm")
    assert [_get_interp_method(9, (8, 8, *size)) for size in ((4, 4), (9, 9), (4, 9))] == [3, 2, 1]
    assert _get_interp_method(10) in range(5) and _get_interp_method(2) == 2
    with pytest.raises(ValueError, match="as many labels as predictions, got 1 and 2"):
        check_label_shapes([1], [1, 2])
    x = dl.sym.var("x")
    value = dl.nd.array(np.random.default_rng(0).standard_normal((4, 3)))
    ones, zeros = dl.nd.ones((3,)), dl.nd.zeros((3,))
    states = {"n_gamma": ones, "n_beta": zeros, "n_moving_mean": zeros, "n_moving_var": ones}
    got, expected = (make(x, name="n").eval(x=value, **states)[0] for make in (SyncBatchNorm, dl.sym.BatchNorm))
    np.testing.assert_array_equal(got.asnumpy(), expected.asnumpy())


def test_a_part_of_a_shape_comes_from_another_array() -> None:
    x, y = dl.nd.ones((30, 7)), dl.nd.ones((15, 2, 4))
    assert x.reshape_like(y, lhs_begin=0, lhs_end=1, rhs_begin=0, rhs_end=2).shape == (15, 2, 7)
    assert x.reshape_like(y, lhs_begin=-2, lhs_end=-1, rhs_begin=0, rhs_end=-1).shape == (15, 2, 7)
    with pytest.raises(ValueError, match="reshape"):
        x.reshape_like(y, lhs_begin=0, lhs_end=1)
    assert dl.Context("cpu_shared") == dl.Context("cpu_pinned") == dl.cpu()


def test_updates_of_many_weights_are_told_how_many() -> None:
    weights, means = [dl.nd.ones((2,))], [dl.nd.zeros((2,))]
    dl.nd.contrib.multi_adamw_update(weights, weights, means, means, 1.0, [0.1], out=weights, size=1)
    with pytest.raises(ValueError, match="multi_adamw_update: expected 3 weights as said, got 1"):
        dl.nd.contrib.multi_adamw_update(weights, weights, means, means, 1.0, [0.1], size=3)


def test_modules_below_modules_are_there_without_an_import_of_their_own() -> None:
    from dlcore import compat
    from dlcore.compat._names import MODULES

    before = set(vars(dl.io))
    compat.install()
    try:
        import mxnet as mx

        for name, target in MODULES.items():
            found = mx
            for part in name.split("."):
                found = getattr(found, part)
            assert found.__name__ == target, name
        assert mx.nd.ndarray.NDArray is dl.nd.NDArray and mx.optimizer.optimizer.SGD is dl.optim.SGD
    finally:
        compat.uninstall()
    assert set(vars(dl.io)) == before
    assert not hasattr(dl.io, "io") and not hasattr(dl.nd, "ndarray")

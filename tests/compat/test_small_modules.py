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

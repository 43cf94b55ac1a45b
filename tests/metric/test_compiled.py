"""Metrics updated inside a compiled function: the numbers of the same updates outside, for every kind of metric."""

from __future__ import annotations

import copy
import math
from typing import Any

import numpy as np
import pytest

import dlcore as dl
from dlcore import _core, autograd, gluon, metric, nd
from dlcore.metric import EvalMetric

RNG = np.random.default_rng(7)
SIZES = (16, 16, 9, 16, 12, 5)  # two sizes are compiled, what comes after follows from them


def classes_and_scores(n: int, classes: int = 5) -> tuple[Any, Any]:
    scores = RNG.random((n, classes)).astype(np.float32)
    scores[::3, 1] = scores[::3, 0]  # ties
    return nd.array(RNG.integers(0, classes, n), dtype="int32"), nd.array(scores / scores.sum(1, keepdims=True))


def two_classes(n: int) -> tuple[Any, Any]:
    return classes_and_scores(n, 2)


def numbers(n: int) -> tuple[Any, Any]:
    return tuple(nd.array(RNG.normal(size=(n, 3)).astype(np.float32)) for _ in range(2))  # type: ignore[return-value]


COUNTED = {  # to the last bit: counts, and what follows from counts
    "acc": (lambda: metric.Accuracy(), classes_and_scores),
    "top_k": (lambda: metric.TopKAccuracy(2), classes_and_scores),
    "top_9_of_5": (lambda: metric.TopKAccuracy(9), classes_and_scores),
    "f1": (lambda: metric.F1(), two_classes),
    "f1 of all": (lambda: metric.F1(average="micro"), two_classes),
    "fbeta": (lambda: metric.Fbeta(beta=2.0), two_classes),
    "precision": (lambda: metric.Precision(average="macro"), two_classes),
    "recall": (lambda: metric.Recall(), two_classes),
    "mcc": (lambda: metric.MCC(), two_classes),
    "confusion": (lambda: metric.ConfusionMatrix(), classes_and_scores),
    "pcc": (lambda: metric.PCC(), classes_and_scores),
    "binary": (lambda: metric.BinaryAccuracy(), numbers),
}
SUMMED = {  # sums of numbers, in another order
    "ce": (lambda: metric.CrossEntropy(), classes_and_scores),
    "nll": (lambda: metric.NegativeLogLikelihood(), classes_and_scores),
    "perplexity": (lambda: metric.Perplexity(ignore_label=1), classes_and_scores),
    "perplexity of rows": (lambda: metric.Perplexity(), classes_and_scores),
    "mae": (lambda: metric.MAE(), numbers),
    "mse": (lambda: metric.MSE(), numbers),
    "rmse": (lambda: metric.RMSE(), numbers),
    "loss": (lambda: metric.Loss(), numbers),
    "distance": (lambda: metric.MeanPairwiseDistance(), numbers),
    "cosine": (lambda: metric.MeanCosineSimilarity(), numbers),
    "pearson": (lambda: metric.PearsonCorrelation(), numbers),
    "pearson of all": (lambda: metric.PearsonCorrelation(average="micro"), numbers),
    "r2": (lambda: metric.R2(), numbers),
}
SHORT = ("pearson", "pearson of all", "r2")  # rows of fewer than so many elements are joined otherwise


@pytest.mark.parametrize("name", [*COUNTED, *SUMMED])
def test_compiled_updates_give_what_updates_outside_give(name: str) -> None:
    """After every step, with smaller batches, in a second pass after reset, and with plain updates in between."""
    make, data = {**COUNTED, **SUMMED}[name]
    plain, inside = make(), make()
    step = dl.jit(lambda y, p: inside.update(y, p))
    for again in range(2):
        for n in SIZES:
            y, p = data(n)
            plain.update(y, p)
            step(y, p)
            if name in COUNTED:
                assert inside.get() == plain.get()
            else:
                assert inside.get()[1] == pytest.approx(plain.get()[1], rel=1e-12, abs=1e-14)
            assert inside.num_inst == plain.num_inst and isinstance(inside.num_inst, int)
        assert step.compilations + step.resized == 4 and step.resized >= 1 + (name not in SHORT)
        if not again:
            y, p = data(7)
            plain.update(y, p)
            inside.update(y, p)  # not compiled, into the same sums
            assert inside.get()[1] == pytest.approx(plain.get()[1], rel=1e-12)
            plain.reset()
            inside.reset()
            assert str(inside.get()) == str(plain.get()), "nothing seen"
    if hasattr(plain, "matrix"):
        assert np.array_equal(inside.matrix, plain.matrix)


def network() -> tuple[Any, Any, Any]:
    _core.seed(2)
    net = gluon.nn.HybridSequential(gluon.nn.Dense(8, activation="relu", in_units=6), gluon.nn.Dense(4, in_units=8))
    net.initialize(dl.init.Xavier())
    return net, gluon.Trainer(net.collect_params(), "adam", {"learning_rate": 0.01}), gluon.loss.SoftmaxCELoss()


def batch(n: int) -> tuple[Any, Any]:
    return nd.array(RNG.normal(size=(n, 6)).astype(np.float32)), nd.array(RNG.integers(0, 4, n), dtype="int32")


@pytest.mark.parametrize("recorded", [False, True])
def test_several_metrics_in_a_training_step(recorded: bool) -> None:
    """Weights, losses and metrics of a compiled step and of a plain one, several metrics as one and a loss beside."""
    batches, found = [batch(n) for n in SIZES], []
    for compiled in (False, True):
        net, trainer, criterion = network()
        several, mean = metric.create(["acc", metric.TopKAccuracy(2), "ce", "mcc"][:3]), metric.Loss()

        def step(x: Any, y: Any, net=net, trainer=trainer, criterion=criterion, several=several, mean=mean) -> Any:
            with autograd.record():
                out = net(x)
                loss = criterion(out, y)
                if recorded:
                    several.update([y], [dl.nd.softmax(out)])
            loss.backward()
            trainer.step(y.shape[0])
            if not recorded:
                several.update([y], [dl.nd.softmax(out)])
            mean.update(None, [loss])
            return loss.sum()

        run = dl.jit(step) if compiled else step
        losses = [run(x, y).item() for x, y in batches]
        found.append((losses, several.get(), mean.get(), [p.data().asnumpy() for p in net.collect_params().values()]))
    (losses, (names, values), total, weights), (mine, (its, counted), sums, others) = found
    assert names == its and counted[:2] == values[:2], "counts are equal to the last bit"
    np.testing.assert_allclose([*mine, counted[2], sums[1]], [*losses, values[2], total[1]], rtol=1e-5)
    assert sum(losses) / sum(SIZES) == pytest.approx(total[1], rel=1e-6)
    for one, other in zip(weights, others, strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-4, atol=1e-6)


def test_two_metrics_are_shared_by_two_functions_and_by_plain_updates() -> None:
    first, second = metric.Accuracy(), metric.ConfusionMatrix()
    plain = metric.Accuracy(), metric.ConfusionMatrix()

    def both(y: Any, p: Any) -> None:
        first.update(y, p)
        second.update(y, p)

    one, other = dl.jit(both), dl.jit(lambda p, y: both(y, p * 2))
    for k, n in enumerate(SIZES):
        y, p = classes_and_scores(n)
        for m in plain:
            m.update(y, p)
        way, given = ((one, (y, p)), (other, (p, y)), (both, (y, p)))[k % 3]
        way(*given)
    assert first.get() == plain[0].get() and np.array_equal(second.matrix, plain[1].matrix)
    y, p = classes_and_scores(8, 7)  # classes that nobody knew of: the table grows
    plain[1].update(y, p)
    other(p, y)
    y, p = classes_and_scores(8)
    plain[1].update(y, p)
    one(y, p)  # it has the larger table in hand
    assert np.array_equal(second.matrix, plain[1].matrix) and second.matrix.shape == (7, 7)


def test_a_run_that_fails_leaves_its_metrics_as_they_were() -> None:
    accuracy, entropy, table = metric.Accuracy(), metric.CrossEntropy(), metric.F1(average="micro")

    @dl.jit
    def step(y: Any, p: Any) -> Any:
        accuracy.update(y, p)
        table.update(y, p)
        entropy.update(y, p)

    y, p = two_classes(8)
    step(y, p)
    before = [m.get() for m in (accuracy, entropy, table)]
    for wrong in (2, -1):
        bad = y.copy()
        bad[3] = wrong
        with pytest.raises(IndexError, match=r"out of range[^\n]*size 2[\s\S]*in layer metric (f1|cross-entropy)"):
            step(bad, p)
        assert [m.get() for m in (accuracy, entropy, table)] == before
    with pytest.raises(ValueError, match=r"f1: predictions of shape \(5, 2\) do not fit labels of shape \(8,\)"):
        dl.jit(lambda y, p: (accuracy.update(y, y), table.update(y, p)) and None)(y, p[:5])
    assert [m.get() for m in (accuracy, entropy, table)] == before
    step(y, p)
    assert accuracy.num_inst == 16 and step.compilations == 1


def test_what_no_compiled_function_can_count_is_told() -> None:
    y, p = two_classes(4)
    table, seen = metric.ConfusionMatrix(), metric.Accuracy()
    seen.update(y, p)
    with pytest.raises(_core.TraceError, match=r"it needs scores \(n, classes\): classes alone do not say"):
        dl.jit(table.update)(y, y)
    with pytest.raises(_core.TraceError, match="parts of an epoch are told apart outside compiled functions"):
        dl.jit(lambda y: seen.get_global())(y)


def test_an_update_in_arrays_of_ones_own_and_what_copies_of_a_metric_are() -> None:
    class Largest(EvalMetric):
        def update(self, labels: Any, preds: Any) -> None:
            self.sum_metric += abs(labels - preds).max()
            self.num_inst += 1
            self.global_sum_metric += abs(labels - preds).max()
            self.global_num_inst += 1

    plain, inside = (Largest("largest", has_global_stats=True) for _ in range(2))
    step = dl.jit(inside.update)
    for n in SIZES:
        y, p = numbers(n)
        plain.update(y, p)
        step(y, p)
        if n == 9:
            twin = copy.deepcopy(inside)
            for m in (plain, inside):
                m.reset_local()
    assert inside.get()[1] == pytest.approx(float(plain.get()[1])) and inside.num_inst == 3
    assert inside.get_global()[1] == pytest.approx(float(plain.get_global()[1]))
    assert twin.num_inst == 3 and twin.get()[1] != inside.get()[1], "a copy has numbers of its own"


def test_parts_of_an_epoch_and_merging() -> None:
    inside, plain = metric.MCC(average="micro"), metric.MCC(average="micro")
    step = dl.jit(inside.update)
    for k, n in enumerate(SIZES):
        y, p = two_classes(n)
        step(y, p)
        plain.update(y, p)
        if k == 2:
            for m in (inside, plain):
                m.reset_local()
    assert inside.get() == plain.get() and inside.get_global() == plain.get_global()
    inside.merge(plain)
    assert inside.num_inst == 6


def test_reset_inside_the_function_is_done_at_every_run() -> None:
    fresh = metric.Accuracy()

    @dl.jit
    def step(y: Any, p: Any) -> None:
        fresh.reset()
        fresh.update(y, p)

    for n in (8, 8, 5):
        step(*classes_and_scores(n))
        assert fresh.num_inst == n


class Looks(EvalMetric):
    def update(self, labels: Any, preds: Any) -> None:
        self.sum_metric += float((labels == preds).asnumpy().mean())  # looks
        self.num_inst += 1


class Counts(EvalMetric):
    calls = 0

    def update(self, labels: Any, preds: Any) -> None:
        self.calls += 1
        self.sum_metric += preds.sum()


class Keeps(EvalMetric):
    def __init__(self) -> None:
        self.kept: list[Any] = []
        super().__init__("keeps")

    def update(self, labels: Any, preds: Any) -> None:
        self.kept.append(preds)


class Several(EvalMetric):
    """As code for MXNet's `num` outputs does it."""

    def reset(self) -> None:
        self.sum_metric, self.num_inst = [0.0, 0.0], [0, 0]

    def update(self, labels: Any, preds: Any) -> None:
        self.sum_metric[0] += (labels - preds).sum()
        self.num_inst[0] += 1

    def get_name_value(self) -> list[tuple[str, float]]:
        return [(self.name, self.sum_metric[0] if self.num_inst[0] else math.nan)]


class Measures(metric.MSE):
    def measure(self, label: np.ndarray, pred: np.ndarray) -> tuple[float, int]:
        return float(np.max(label)), 1


@pytest.mark.parametrize(
    ("make", "says"),
    [
        (lambda: Looks("looks"), r"metric 'looks' \(Looks\): its update looks at values[^\n]*\n.*in update: .*# looks"),
        (lambda: Counts("counts"), r"metric 'counts' \(Counts\): its update changes 'calls'"),
        (lambda: Keeps(), r"metric 'keeps' \(Keeps\): its update changes 'kept'"),
        (lambda: Several("several"), r"metric 'several' \(Several\): its sum_metric holds no number but list"),
        (lambda: Measures(), r"metric 'mse' \(Measures\): it measures NumPy arrays"),
        (lambda: metric.np(lambda y, p: 1.0, "own"), r"metric 'own' \(CustomMetric\): it measures NumPy arrays"),
        (lambda: metric.AUC(), r"metric 'auc' \(AUC\): it keeps the scores"),
        (lambda: metric.create(["mse", metric.AUC()]), r"metric 'auc' \(AUC\): it keeps the scores"),
    ],
)
def test_a_metric_that_cannot_is_named_with_the_line_and_what_to_do(make: Any, says: str) -> None:
    one = make()
    state = {name: copy.copy(value) for name, value in vars(one).items() if name != "_arrays"}

    @dl.jit
    def step(y: Any, p: Any) -> None:
        one.update(y, p)  # here

    y, p = numbers(4)
    with pytest.raises(_core.TraceError, match=says) as caught:
        step(y, p)
    text = str(caught.value)
    line = "in update: self.sum_metric[0]" if isinstance(one, Several) else "in step: one.update(y, p)  # here"
    assert "return labels and predictions" in text and line in text
    assert {name: value for name, value in vars(one).items() if name not in ("_arrays", "_device")} == state
    assert all(math.isnan(v) for _, v in one.get_name_value()) or isinstance(one, Keeps)
    if not isinstance(one, Measures):
        one.update(y, p)  # outside it works as it did


def test_get_inside_a_compiled_function_is_refused_with_the_line() -> None:
    accuracy = metric.Accuracy()

    @dl.jit
    def step(y: Any, p: Any) -> Any:
        accuracy.update(y, p)
        return y * accuracy.get()[1]

    with pytest.raises(_core.TraceError, match=r"accuracy.get\(\)\[1\][\s\S]*read it after"):
        step(*classes_and_scores(4))
    assert math.isnan(accuracy.get()[1])


def test_an_update_in_a_branch_and_in_a_loop_counts_where_it_is_taken() -> None:
    hits, rows = metric.Accuracy(), metric.Loss()

    @dl.jit
    def step(y: Any, p: Any, wanted: Any) -> Any:
        dl.cond(wanted.sum() > 0, lambda: (hits.update(y, p), wanted)[1], lambda: wanted)
        dl.foreach(lambda row, s: ((rows.update(None, row), row)[1], s), p, [wanted])

    y, p = classes_and_scores(6)
    for wanted in (1.0, 0.0, 1.0):
        step(y, p, nd.array([wanted]))
    assert hits.num_inst == 12 and rows.num_inst == 3 * 6 * 5
    assert rows.get()[1] == pytest.approx(float(p.asnumpy().mean()), rel=1e-6)

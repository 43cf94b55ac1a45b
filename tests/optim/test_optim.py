"""Optimizers against their formulas in NumPy (float64), knobs, schedules."""

import numpy as np
import pytest

from dlcore import _core, optim

START = np.random.default_rng(0).normal(size=(3, 4)).astype(np.float32)
GRADS = [np.random.default_rng(k + 1).normal(size=(3, 4)).astype(np.float32) for k in range(6)]


def run(optimizer, dtype=np.float32, start=START, grads=GRADS):
    w = _core.from_numpy(start.astype(dtype))
    state = optimizer.create_state(0, w)
    for g in grads:
        optimizer.update(0, w, _core.from_numpy(g.astype(dtype)), state)
    return w.asnumpy()


def sgd(w, g, s, t, momentum=0.0, wd=0.0):
    s["v"] = momentum * s.get("v", 0) - 0.1 * (g + wd * w)
    return w + s["v"]


def nag(w, g, s, t):
    """Sutskever's form: the gradient is added once more, a step ahead of the momentum."""
    s["v"] = 0.8 * s.get("v", 0) + g
    return w - 0.1 * (g + 0.8 * s["v"])


def adam(w, g, s, t, wd=0.0, apart=0.0, eps=1e-8):
    w = w - 0.1 * apart * w
    g = g + wd * w
    s["m"] = 0.9 * s.get("m", 0) + 0.1 * g
    s["v"] = 0.999 * s.get("v", 0) + 0.001 * g * g
    return w - 0.1 * (s["m"] / (1 - 0.9**t)) / (np.sqrt(s["v"] / (1 - 0.999**t)) + eps)


def rmsprop(w, g, s, t):
    g = g + 0.02 * w
    s["n"] = 0.7 * s.get("n", 0) + 0.3 * g * g
    return w - 0.1 * g / np.sqrt(s["n"] + 1e-3)


def adagrad(w, g, s, t):
    s["n"] = s.get("n", 0) + g * g
    return w - 0.1 * g / (np.sqrt(s["n"]) + 1e-3)


CASES = {
    "sgd": (lambda: optim.SGD(0.1), sgd),
    "sgd wd": (lambda: optim.SGD(0.1, wd=0.02), lambda *a: sgd(*a, wd=0.02)),
    "momentum": (lambda: optim.SGD(0.1, momentum=0.8, wd=0.02), lambda *a: sgd(*a, momentum=0.8, wd=0.02)),
    "nag": (lambda: optim.NAG(0.1, momentum=0.8), nag),
    "adam": (lambda: optim.Adam(0.1), adam),
    "adam wd": (lambda: optim.Adam(0.1, wd=0.02, epsilon=1e-3), lambda *a: adam(*a, wd=0.02, eps=1e-3)),
    "adamw": (lambda: optim.AdamW(0.1, wd=0.02, epsilon=1e-3), lambda *a: adam(*a, apart=0.02, eps=1e-3)),
    "rmsprop": (lambda: optim.RMSProp(0.1, rho=0.7, epsilon=1e-3, wd=0.02), rmsprop),
    "rmsprop, old name": (lambda: optim.RMSProp(0.1, gamma1=0.7, epsilon=1e-3, wd=0.02), rmsprop),
    "adagrad": (lambda: optim.AdaGrad(0.1, epsilon=1e-3), adagrad),
}


@pytest.mark.parametrize("name", CASES)
def test_steps_follow_the_formula(name):
    make, formula = CASES[name]
    optimizer = make()
    w, state = START.astype(np.float64), {}
    for t, g in enumerate(GRADS, 1):
        w = formula(w, g.astype(np.float64), state, t)
    np.testing.assert_allclose(run(optimizer), w, rtol=2e-5, atol=2e-6)
    assert optimizer.num_update == len(GRADS)


def test_rescale_and_clip():
    w = START.astype(np.float64)
    for g in GRADS:
        w = w - 0.1 * (np.clip(g * 0.5, -0.3, 0.3) + 0.01 * w)
    np.testing.assert_allclose(run(optim.SGD(0.1, wd=0.01, rescale_grad=0.5, clip_gradient=0.3)), w, rtol=2e-5)


@pytest.mark.parametrize("make", [lambda **k: optim.SGD(0.1, momentum=0.9, **k), lambda **k: optim.Adam(0.1, **k)])
def test_dtypes(make):
    expected = run(make())
    np.testing.assert_allclose(run(make(), np.float64), expected, rtol=1e-4, atol=1e-5)
    half = run(make(multi_precision=True), np.float16)
    assert half.dtype == np.float16
    np.testing.assert_allclose(half, expected, rtol=5e-3, atol=5e-3)


def test_a_float32_copy_keeps_steps_that_half_precision_would_lose():
    start, grads = np.ones((1,), np.float32), [np.ones((1,), np.float32)] * 100
    assert run(optim.SGD(1e-4), np.float16, start, grads)[0] == 1.0
    assert run(optim.SGD(1e-4, multi_precision=True), np.float16, start, grads)[0] == pytest.approx(0.99, abs=1e-3)


def test_multipliers_of_parameters():
    class P:
        def __init__(self, lr_mult, wd_mult):
            self.lr_mult, self.wd_mult = lr_mult, wd_mult

    sgd = optim.SGD(0.1, wd=0.5, param_dict={0: P(1.0, 1.0), 1: P(0.5, 0.0)})
    w = [_core.from_numpy(np.ones(1, np.float32)) for _ in range(2)]
    g = [_core.from_numpy(np.ones(1, np.float32)) for _ in range(2)]
    sgd.update([0, 1], w, g, [(), ()])
    assert w[0].asnumpy() == pytest.approx(1 - 0.1 * 1.5) and w[1].asnumpy() == pytest.approx(1 - 0.05)
    assert sgd.num_update == 1
    sgd.update([0, 1], w, g, [(), ()])
    assert sgd.num_update == 2


def test_knobs():
    adam = optim.create("adam", learning_rate=0.1)
    array = adam._arrays["lr"]
    assert adam.knobs == {"lr": 0.1, "wd": 0.0, "beta1": 0.9, "beta2": 0.999}
    adam.set_learning_rate(0.01)
    assert adam.learning_rate == 0.01 and float(array.asnumpy()) == pytest.approx(0.01)
    assert adam._arrays["lr"] is array, "a compiled step reads this very array"
    adam.set_knob("beta1", 0.5)
    assert adam.knobs["beta1"] == 0.5
    with pytest.raises(KeyError, match="Adam: a knob must be one of lr, wd, beta1, beta2, got 'momentum'"):
        adam.set_knob("momentum", 0.5)


def test_create():
    assert isinstance(optim.create("SGD", momentum=0.9), optim.SGD)
    kept = optim.Adam()
    assert optim.create(kept) is kept
    with pytest.raises(ValueError, match="one of adabelief, adadelta, adagrad, adam, .* got 'adem'"):
        optim.create("adem")
    with pytest.raises(NotImplementedError, match=r"Optimizer has no rule\(weight, grad, state, lr, wd\)"):
        optim.Optimizer().rule(None, None, (), None, 0)
    with pytest.raises(ValueError, match=r"MultiFactorScheduler: expected rising steps from 1 on, got \[5, 3\]"):
        optim.lr_scheduler.MultiFactorScheduler(step=[5, 3])
    with pytest.raises(ValueError, match="is complete, so learning_rate"):
        optim.create(kept, learning_rate=1)


S = optim.lr_scheduler
SCHEDULES = [
    (S.FactorScheduler(3, 0.5, base_lr=1.0), {1: 1, 3: 1, 4: 0.5, 6: 0.5, 7: 0.25}),
    (S.FactorScheduler(1, 0.1, stop_factor_lr=0.05, base_lr=1.0), {1: 1, 2: 0.1, 3: 0.05, 9: 0.05}),
    (S.MultiFactorScheduler([2, 5], 0.1, base_lr=1.0), {2: 1, 3: 0.1, 5: 0.1, 6: 0.01}),
    (S.PolyScheduler(10, 1.0, pwr=1, final_lr=0.2), {0: 1, 5: 0.6, 10: 0.2, 20: 0.2}),
    (S.CosineScheduler(10, 1.0, final_lr=0.5), {0: 1, 5: 0.75, 10: 0.5, 99: 0.5}),
    (S.CosineScheduler(12, 1.0, warmup_steps=2, warmup_begin_lr=0.5), {0: 0.5, 1: 0.75, 2: 1, 7: 0.5, 12: 0}),
    (S.LRScheduler(1.0, 4, 0.1, "constant"), {1: 0.1, 3: 0.1, 4: 1}),
    (S.CosineRestartScheduler(4, base_lr=1.0), {0: 1, 2: 0.5, 4: 1, 6: 0.5, 8: 1}),
    (S.CosineRestartScheduler(4, 2, 1.0, warmup_steps=2), {1: 0.5, 2: 1, 4: 0.5, 6: 1, 10: 0.5, 14: 1, 22: 0.5, 30: 1}),
    (S.OneCycleScheduler(100, 1.0, 0.25, div=10, final_div=100), {0: 0.1, 25: 1, 62.5: 0.5005, 100: 0.001, 200: 0.001}),
]


@pytest.mark.parametrize(("schedule", "expected"), SCHEDULES)
def test_schedules(schedule, expected):
    assert {n: schedule(n) for n in expected} == pytest.approx(expected)


def test_a_schedule_sets_the_rate_of_every_step():
    sgd = optim.SGD(learning_rate=1.0, lr_scheduler=S.FactorScheduler(2, 0.5))
    start, one = np.zeros(1, np.float32), np.ones(1, np.float32)
    assert run(sgd, start=start, grads=[one] * 5)[0] == pytest.approx(-(1 + 1 + 0.5 + 0.5 + 0.25))
    assert sgd.learning_rate == 0.25
    with pytest.raises(UserWarning, match="decided by the optimizer's lr_scheduler"):
        sgd.set_learning_rate(1.0)


@pytest.mark.parametrize("kind", ["function", "object"])
def test_any_function_of_the_steps_is_a_schedule(kind):
    class Own:
        def __call__(self, n):
            return 0.5 * n**-0.5

    sgd = optim.SGD(lr_scheduler=Own() if kind == "object" else lambda n: 0.5 * n**-0.5)
    start, one = np.zeros(1, np.float32), np.ones(1, np.float32)
    assert run(sgd, start=start, grads=[one] * 3)[0] == pytest.approx(-0.5 * (1 + 2**-0.5 + 3**-0.5))
    with pytest.raises(
        TypeError, match="SGD: lr_scheduler must be an LRScheduler or a function or None, got 0.1 \\(float\\)"
    ):
        optim.SGD(lr_scheduler=0.1)

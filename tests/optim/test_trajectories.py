"""A hundred steps of every optimizer in float64, against its formula in NumPy, and as PyTorch prints them."""

import numpy as np
import pytest

from dlcore import _core, nd, optim
from dlcore.optim._optimizer import _REGISTRY

RNG = np.random.default_rng(2)
START = RNG.normal(size=(4, 3))
GRADS = RNG.normal(size=(100, 4, 3))


def run(optimizer, start=START, grads=GRADS):
    w = _core.from_numpy(start.copy())
    state = optimizer.create_state(0, w)
    for g in grads:
        optimizer.update(0, w, _core.from_numpy(g.copy()), state)
    return w.asnumpy()


def sgd(w, g, s, t):
    s["m"] = 0.9 * s.get("m", 0) + g + 0.01 * w
    return w - 0.1 * s["m"]


def sgd_ema(w, g, s, t):
    s["m"] = 0.8 * s.get("m", 0) + 0.2 * (g + 0.02 * w)
    return w - 0.1 * s["m"]


def moments(s, g, beta1=0.9, beta2=0.999):
    s["m"] = beta1 * s.get("m", 0) + (1 - beta1) * g
    s["v"] = beta2 * s.get("v", 0) + (1 - beta2) * g * g
    return s["m"], s["v"]


def adam(w, g, s, t):
    m, v = moments(s, g)
    return w - 0.1 * m / (1 - 0.9**t) / (np.sqrt(v / (1 - 0.999**t)) + 1e-8)


def adamw(w, g, s, t):
    return adam((1 - 0.1 * 0.01) * w, g, s, t)


def adam_hat(w, g, s, t):
    m, v = moments(s, g)
    return w - 0.1 * np.sqrt(1 - 0.999**t) / (1 - 0.9**t) * m / (np.sqrt(v) + 1e-2)


def amsgrad(w, g, s, t):
    m, v = moments(s, g)
    s["top"] = np.maximum(s.get("top", 0), v)
    return w - 0.1 * m / (1 - 0.9**t) / (np.sqrt(s["top"] / (1 - 0.999**t)) + 1e-3)


def adamax(w, g, s, t):
    s["m"] = 0.9 * s.get("m", 0) + 0.1 * g
    s["u"] = np.maximum(0.999 * s.get("u", 0), np.abs(g))
    return w - 0.1 / (1 - 0.9**t) * s["m"] / (s["u"] + 1e-8)


def adabelief(w, g, s, t):
    s["m"] = 0.9 * s.get("m", 0) + 0.1 * g
    s["s"] = 0.999 * s.get("s", 0) + 0.001 * (g - s["m"]) ** 2 + 1e-5
    return w - 0.1 * s["m"] / (1 - 0.9**t) / (np.sqrt(s["s"] / (1 - 0.999**t)) + 1e-5)


def nadam(w, g, s, t):
    m, v = moments(s, g)
    now, after = (0.9 * (1 - 0.5 * 0.96 ** (k * 0.004)) for k in (t, t + 1))
    s["p"] = s.get("p", 1.0) * now
    look = (1 - now) * g / (1 - s["p"]) + after * m / (1 - s["p"] * after)
    return w - 0.1 * look / (np.sqrt(v / (1 - 0.999**t)) + 1e-8)


def rmsprop_centered(w, g, s, t):
    s["n"] = 0.9 * s.get("n", 0) + 0.1 * g * g
    s["m"] = 0.9 * s.get("m", 0) + 0.1 * g
    s["d"] = 0.7 * s.get("d", 0) - 0.1 * g / np.sqrt(s["n"] - s["m"] ** 2 + 1e-3)
    return w + s["d"]


def nag(w, g, s, t):
    s["m"] = 0.9 * s.get("m", 0) + g + 0.01 * w
    return w - 0.1 * (0.9 * s["m"] + g + 0.01 * w)


def rmsprop(w, g, s, t):
    s["n"] = 0.8 * s.get("n", 0) + 0.2 * (g + 0.01 * w) ** 2
    return w - 0.1 * (g + 0.01 * w) / np.sqrt(s["n"] + 1e-3)


def muon(w, g, s, t):
    """The polynomial of every singular value, five times, instead of products of matrices."""
    s["m"] = 0.95 * s.get("m", 0) + g
    left, values, right = np.linalg.svd(g + 0.95 * s["m"], full_matrices=False)
    values = values / np.sqrt((values**2).sum())
    for _ in range(5):
        values = 3.4445 * values - 4.7750 * values**3 + 2.0315 * values**5
    return w - 0.02 * (np.sqrt(4 / 3) * (left * values) @ right + 0.1 * w)


def adadelta(w, g, s, t):
    s["n"] = 0.9 * s.get("n", 0) + 0.1 * g * g
    step = np.sqrt(s.get("d", 0) + 1e-5) / np.sqrt(s["n"] + 1e-5) * g
    s["d"] = 0.9 * s.get("d", 0) + 0.1 * step**2
    return w - 0.5 * (step + 0.02 * w)


def adagrad(w, g, s, t):
    s["n"] = s.get("n", 0) + g * g
    return w - 0.1 * g / (np.sqrt(s["n"]) + 1e-7)


def group_adagrad(w, g, s, t):
    s["n"] = s.get("n", 0) + (g * g).mean(1, keepdims=True)
    return w - 0.1 * g / np.sqrt(s["n"] + 1e-5)


def ftrl(w, g, s, t):
    n = s.get("n", 0) + g * g
    s["z"] = s.get("z", 0) + g - (np.sqrt(n) - np.sqrt(s.get("n", 0))) / 0.1 * w
    s["n"] = n
    z = s["z"]
    return np.where(np.abs(z) <= 0.3, 0.0, (np.sign(z) * 0.3 - z) / ((1 + np.sqrt(n)) / 0.1 + 0.02))


def ftml(w, g, s, t):
    s["v"] = 0.999 * s.get("v", 0) + 0.001 * g * g
    d = (1 - 0.6**t) / 0.1 * (np.sqrt(s["v"] / (1 - 0.999**t)) + 1e-8)
    s["z"] = 0.6 * s.get("z", 0) + 0.4 * g - (d - 0.6 * s.get("d", 0)) * w
    s["d"] = d
    return -s["z"] / d


def lamb(w, g, s, t, bounds=(0, 1e9)):
    m, v = moments(s, g)
    r = m / (1 - 0.9**t) / (np.sqrt(v / (1 - 0.999**t)) + 1e-6) + 0.02 * w
    length = np.clip(np.linalg.norm(w), *bounds)
    return w - 0.1 * length / np.linalg.norm(r) * r


def lamb_plain(w, g, s, t):
    m, v = moments(s, g)
    r = m / (np.sqrt(v) + 1e-6) + 0.02 * w
    return w - 0.1 * np.linalg.norm(w) / np.linalg.norm(r) * r


def lars(w, g, s, t):
    of_w, of_g = np.linalg.norm(w), np.linalg.norm(g)
    rate = 0.1 * 0.01 * of_w / (of_g + 0.02 * of_w + 1e-9)
    s["m"] = 0.9 * s.get("m", 0) + rate * (g + 0.02 * w)
    return w - s["m"]


def signum(w, g, s, t):
    s["m"] = 0.9 * s.get("m", 0) + 0.1 * (g + 0.02 * w)
    return (1 - 0.1 * 0.03) * w - 0.1 * np.sign(s["m"])


def lion(w, g, s, t):
    m = s.get("m", 0)
    s["m"] = 0.99 * m + 0.01 * g
    return w - 0.1 * (np.sign(0.9 * m + 0.1 * g) + 0.02 * w)


def adan(w, g, s, t):
    e = g - s["old"] if t > 1 else 0 * g
    s["old"] = g
    s["m"] = 0.98 * s.get("m", 0) + 0.02 * g
    s["v"] = 0.92 * s.get("v", 0) + 0.08 * e
    s["n"] = 0.99 * s.get("n", 0) + 0.01 * (g + 0.92 * e) ** 2
    step = s["m"] / (1 - 0.98**t) + 0.92 * s["v"] / (1 - 0.92**t)
    return (w - 0.1 * step / (np.sqrt(s["n"] / (1 - 0.99**t)) + 1e-8)) / (1 + 0.1 * 0.02)


def dcasgd(w, g, s, t):
    old = s.get("old", w)
    s["m"] = 0.9 * s.get("m", 0) - 0.1 * (g + 0.02 * w + 0.04 * g * g * (w - old))
    s["old"] = w + s["m"]
    return s["old"]


CASES = {
    "sgd": (lambda: optim.SGD(0.1, momentum=0.9, wd=0.01), sgd),
    "sgd, averaged": (lambda: optim.SGD(0.1, momentum=0.8, wd=0.02, momentum_form="ema"), sgd_ema),
    "adam": (lambda: optim.Adam(0.1), adam),
    "adam, epsilon hat": (lambda: optim.Adam(0.1, epsilon=1e-2, epsilon_form="hat"), adam_hat),
    "amsgrad": (lambda: optim.Adam(0.1, epsilon=1e-3, amsgrad=True), amsgrad),
    "adamw": (lambda: optim.AdamW(0.1, epsilon=1e-8, wd=0.01), adamw),
    "adamw, amsgrad": (
        lambda: optim.AdamW(0.1, epsilon=1e-3, wd=0.01, amsgrad=True),
        lambda w, *rest: amsgrad((1 - 0.1 * 0.01) * w, *rest),
    ),
    "adamax": (lambda: optim.Adamax(0.1), adamax),
    "adabelief": (lambda: optim.AdaBelief(0.1, epsilon=1e-5), adabelief),
    "nadam": (lambda: optim.Nadam(0.1), nadam),
    "nag": (lambda: optim.NAG(0.1, momentum=0.9, wd=0.01), nag),
    "rmsprop": (lambda: optim.RMSProp(0.1, rho=0.8, epsilon=1e-3, wd=0.01), rmsprop),
    "muon": (lambda: optim.Muon(wd=0.1), muon),
    "rmsprop, centered": (lambda: optim.RMSProp(0.1, epsilon=1e-3, centered=True, gamma2=0.7), rmsprop_centered),
    "adadelta": (lambda: optim.AdaDelta(0.5, epsilon=1e-5, wd=0.02), adadelta),
    "adagrad": (lambda: optim.AdaGrad(0.1, epsilon=1e-7), adagrad),
    "group adagrad": (lambda: optim.GroupAdaGrad(0.1), group_adagrad),
    "ftrl": (lambda: optim.Ftrl(learning_rate=0.1, lamda1=0.3, wd=0.02), ftrl),
    "ftml": (lambda: optim.FTML(learning_rate=0.1), ftml),
    "lamb": (lambda: optim.LAMB(0.1, wd=0.02), lamb),
    "lamb, bounded": (
        lambda: optim.LAMB(0.1, wd=0.02, lower_bound=0.5, upper_bound=2.0),
        lambda *a: lamb(*a, bounds=(0.5, 2.0)),
    ),
    "lamb, moments as they are": (lambda: optim.LAMB(0.1, wd=0.02, bias_correction=False), lamb_plain),
    "lars": (lambda: optim.LARS(0.1, eta=0.01, wd=0.02), lars),
    "signum": (lambda: optim.Signum(0.1, wd=0.02, wd_lh=0.03), signum),
    "signsgd": (lambda: optim.SignSGD(0.1), lambda w, g, s, t: w - 0.1 * np.sign(g)),
    "lion": (lambda: optim.Lion(0.1, wd=0.02), lion),
    "adan": (lambda: optim.Adan(0.1, wd=0.02), adan),
    "dcasgd": (lambda: optim.DCASGD(learning_rate=0.1, momentum=0.9, wd=0.02), dcasgd),
}


@pytest.mark.parametrize("name", CASES)
def test_a_hundred_steps_follow_the_formula(name):
    make, formula = CASES[name]
    w, state = START.copy(), {}
    for t, g in enumerate(GRADS, 1):
        w = formula(w, g, state, t)
    # Knobs are float32: 0.1 is off by 1e-8 of itself, and 1 - 0.999 by 1e-5 of itself.
    np.testing.assert_allclose(run(make()), w, rtol=1e-5, atol=1e-5)


# Six weights after a hundred steps, as PyTorch 2.13.0 (CPU, float64) prints them; start and gradients are waves.
PRINTED = {
    "sgd": [-0.172141787, 0.487105278, 0.142970602, -0.33594545, -0.052171129, 0.163650654],
    "nag": [-0.182271494, 0.416509833, 0.115447888, -0.280104479, 0.005118098, 0.138517072],
    "adam": [-0.229863847, 1.047674971, 0.049552776, -0.859047828, 0.161163579, 0.609767825],
    "adam, decay": [-0.201261395, 0.910249346, 0.044799976, -0.745888671, 0.138184284, 0.529318159],
    "amsgrad": [-0.229864059, 1.047674541, 0.049552045, -0.859046023, 0.161166224, 0.609767812],
    "adamw": [-0.208469252, 0.948215478, 0.045508027, -0.777194813, 0.145093884, 0.551326356],
    "adamw, amsgrad": [-0.208469496, 0.948215045, 0.045507329, -0.777193089, 0.145096225, 0.551326274],
    "adamax": [-0.193843686, 1.000827405, 0.015873272, -0.856236598, 0.221510808, 0.634939681],
    "nadam": [-0.098702286, 0.928837625, -0.142167265, -0.854370011, 0.367148821, 0.707235974],
    "adadelta": [-0.000995134, 0.989593158, -0.254902166, -0.924409093, 0.493738778, 0.79744026],
    "adagrad": [-0.062572623, 0.959407705, -0.164393048, -0.895321315, 0.372027346, 0.746908596],
}
PEERS = {
    "sgd": lambda: optim.SGD(0.1, momentum=0.9, wd=0.01),
    "nag": lambda: optim.NAG(0.1, momentum=0.9, wd=0.01),
    "adam": lambda: optim.Adam(0.1),
    "adam, decay": lambda: optim.Adam(0.1, wd=0.01),
    "amsgrad": lambda: optim.Adam(0.1, amsgrad=True),
    "adamw": lambda: optim.AdamW(0.1, epsilon=1e-8, wd=0.01),
    "adamw, amsgrad": lambda: optim.AdamW(0.1, epsilon=1e-8, wd=0.01, amsgrad=True),
    "adamax": lambda: optim.Adamax(0.1),
    "nadam": lambda: optim.Nadam(0.1),
    "adadelta": lambda: optim.AdaDelta(0.5),
    "adagrad": lambda: optim.AdaGrad(0.1, epsilon=1e-7),
}


@pytest.mark.parametrize("name", PEERS)
def test_a_hundred_steps_are_those_of_pytorch(name):
    start, grads = np.sin(1.7 * np.arange(6.0)), np.cos(1.3 * np.arange(600.0).reshape(100, 6))
    np.testing.assert_allclose(run(PEERS[name](), start, grads), PRINTED[name], rtol=1e-5, atol=1e-5)


def test_muon_makes_steps_orthogonal_and_leaves_biases_to_adamw():
    step = START - run(optim.Muon(1.0, momentum=0.0), grads=GRADS[:1])
    singular = np.linalg.svd(step, compute_uv=False) / np.sqrt(4 / 3)
    assert (singular > 0.6).all() and (singular < 1.3).all()
    left, _, right = np.linalg.svd(GRADS[0], full_matrices=False)
    assert (np.abs(np.diag(left.T @ step @ right.T)) > 0.6).all(), "the directions are the gradient's own"
    bias, grads = START[0], GRADS[:, 0]
    expected = run(optim.AdamW(0.01, wd=0.02), bias, grads)
    np.testing.assert_allclose(run(optim.Muon(adam_lr=0.01, wd=0.02), bias, grads), expected, rtol=1e-6)
    kernel = RNG.normal(size=(6, 2, 3, 3))
    assert run(optim.Muon(), kernel, RNG.normal(size=(3, 6, 2, 3, 3))).shape == kernel.shape


def test_sgld_wanders_with_the_variance_of_its_rate():
    _core.seed(4)
    start = np.zeros((200, 200))
    moved = run(optim.SGLD(0.04), start, [np.full_like(start, 0.5)])
    assert moved.mean() == pytest.approx(-0.01, abs=5 * 0.2 / 200)
    assert moved.std() == pytest.approx(0.2, rel=0.02)


def test_a_hundred_steps_of_sgld_with_its_own_noise():
    """w - lr / 2 * (g + wd * w) + sqrt(lr) * z, with the z that the seed draws."""
    _core.seed(4)
    w, noise = START.copy(), [nd.random.normal(shape=START.shape, dtype="float64").asnumpy() for _ in GRADS]
    for g, z in zip(GRADS, noise, strict=True):
        w = w - 0.02 * (g + 0.1 * w) + 0.2 * z
    _core.seed(4)
    np.testing.assert_allclose(run(optim.SGLD(0.04, wd=0.1)), w, rtol=1e-5, atol=1e-5)


def test_the_product_of_nadams_momenta_is_saved_with_the_count():
    nadam = optim.Nadam(0.1)
    run(nadam)
    assert set(nadam.counters()) == {"t", "product"} and float(nadam.product.asnumpy()) < 1e-10


@pytest.mark.parametrize(
    ("make", "match"),
    [
        (lambda: optim.SGD(momentum_form="polyak"), "'heavy_ball' or 'ema', got 'polyak'"),
        (lambda: optim.Adam(epsilon_form="outside"), "'corrected' or 'hat', got 'outside'"),
        (lambda: optim.LAMB(amsgrad=True), "amsgrad=False"),
        (lambda: optim.GroupAdaGrad(wd=0.1), "no weight decay, got wd=0.1"),
        (lambda: optim.lr_scheduler.CosineRestartScheduler(0), "period >= 1"),
        (lambda: optim.lr_scheduler.OneCycleScheduler(1), "max_update >= 2"),
    ],
)
def test_wrong_arguments_are_named(make, match):
    with pytest.raises(ValueError, match=match):
        make()


EVERY = sorted(name for name, kind in _REGISTRY.items() if kind.__module__.startswith("dlcore."))


@pytest.mark.parametrize("name", EVERY)
def test_a_compiled_step_is_the_same_step(name):
    import dlcore as dl
    from dlcore.gluon import Trainer, nn

    def train(compiled):
        dl.random.seed(1)
        net = nn.HybridSequential()
        net.add(nn.Dense(5, in_units=3, activation="tanh"), nn.Dense(2, in_units=5))
        net.initialize()
        trainer = Trainer(net.collect_params(), name, {"learning_rate": 0.01})
        x = dl.np.array(RNG_X)

        def step():
            with dl.autograd.record():
                loss = (net(x) ** 2).mean()
            loss.backward()
            trainer.step(1)
            return loss

        run_step = dl.jit(step) if compiled else step
        for _ in range(6):
            run_step()
        assert not compiled or run_step.compilations == 1
        return [p.data().asnumpy() for p in net.collect_params().values()]

    for one, other in zip(train(False), train(True), strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-4, atol=1e-6)


RNG_X = np.random.default_rng(8).normal(size=(7, 3)).astype("float32")


def test_classes_and_operators_of_old_names_are_one_rule():
    """MXNet's adamw_update and the two phases of LAMB make the steps of the classes, but for their bias correction."""
    knobs = {"beta1": 0.9, "beta2": 0.999, "epsilon": 1e-6}
    for clip in (None, 0.5):
        lamb_class = optim.LAMB(0.1, wd=0.02, clip_gradient=clip, rescale_grad=0.5, bias_correction=False)
        w, mean, var = (_core.from_numpy(a.copy()) for a in (START, 0 * START, 0 * START))
        tail = {"wd": 0.02, "clip_gradient": -1.0 if clip is None else clip}
        for t, g in enumerate(GRADS[:20], 1):
            grad = _core.from_numpy(g.copy())
            # Without bias correction the operator is the class at rates that make up for it.
            rate = 0.1 * np.sqrt(1 - 0.999**t) / (1 - 0.9**t)
            nd.adamw_update(w, grad, mean, var, 0.5, lr=rate / 0.1, eta=0.1, out=w, **knobs, **tail)
        corrected = run(optim.AdamW(0.1, epsilon=1e-6, epsilon_form="hat", wd=0.02, clip_gradient=clip,
                                    rescale_grad=0.5), grads=GRADS[:20])  # fmt: skip
        np.testing.assert_allclose(w.asnumpy(), corrected, rtol=2e-4, atol=2e-4)
        w, mean, var = (_core.from_numpy(a.copy()) for a in (START, 0 * START, 0 * START))
        for t, g in enumerate(GRADS[:20], 1):
            direction = nd.lamb_update_phase1(w, _core.from_numpy(g.copy()), mean, var, t=t, bias_correction=False,
                                              rescale_grad=0.5, **knobs, **tail)  # fmt: skip
            lengths = (nd.norm(w), nd.norm(direction))
            nd.lamb_update_phase2(w, direction, *lengths, lr=0.1, out=w)
        np.testing.assert_allclose(w.asnumpy(), run(lamb_class, grads=GRADS[:20]), rtol=1e-6, atol=1e-6)

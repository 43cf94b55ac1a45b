"""Updates by MXNet's names: nothing but numbers is stretched, and many weights step as one does."""

from __future__ import annotations

import inspect

import numpy as np
import pytest

from dlcore import jit, nd
from dlcore.array._names import updates, updates_many
from dlcore.ops import RECORDS, F

ARRAYS = {"weight", "grad", "mom", "mean", "var", "n", "g", "delta", "z", "d", "v", "history", "acc_g", "acc_delta"}
ROWS = [
    (module, name, argument)
    for module in (updates, updates_many)
    for name in vars(module)
    if name.endswith(("update", "phase1", "phase2")) and "multi" not in name
    for argument in inspect.signature(getattr(module, name)).parameters
    if argument in (ARRAYS | {"weight32", "out"}) - {"weight"}
    and (name, argument) != ("group_adagrad_update", "history")
]


@pytest.mark.parametrize(("module", "name", "argument"), ROWS, ids=lambda v: v if isinstance(v, str) else "")
def test_no_array_is_stretched_to_the_weights_shape(module: object, name: str, argument: str) -> None:
    update = getattr(module, name)
    names = inspect.signature(update).parameters
    given = {n: nd.ones((2, 3)) for n in names if n in ARRAYS | {"weight32"}}
    given |= {n: nd.ones((1,)) for n in ("r1", "r2") if n in names} | {n: 1 for n in ("t", "lr") if n in names}
    given |= {"history": nd.ones((2, 1))} if name == "group_adagrad_update" else {}
    assert update(**given).shape == (2, 3)
    words = rf"{argument} of shape \(2, 3\), that of the weight, got shape \(3,\)"
    with pytest.raises(ValueError, match=f"{name.removeprefix('mp_')}: expected {words}"):
        update(**{**given, argument: nd.ones((3,))})


STEPS = [(r.name, i) for r in RECORDS.values() if r.infer == "step" for i in range(1, r.n_out)]


@pytest.mark.parametrize(("name", "state"), STEPS)
def test_no_state_is_stretched(name: str, state: int) -> None:
    record = RECORDS[name]
    arrays = [nd.ones((2, 3)) for i in record.inputs if not i.scalar]
    arrays[state + 1] = nd.ones((3,))
    what = rf"{name}: expected {record.inputs[state + 1].name} of shape \(2, 3\), that of w, got shape \(3,\)"
    for call in (getattr(F, name), jit(getattr(F, name))):
        with pytest.raises(ValueError, match=what):
            call(*arrays)


def test_a_step_needs_arrays_and_only_numbers_are_stretched() -> None:
    w = nd.array([1.0, 2.0])
    for call in (F.sgd_update, jit(lambda w, g, lr: F.sgd_update(w, g, lr))):
        with pytest.raises(TypeError, match="sgd_update: expected w as a floating-point array, got a number"):
            call(1, w, 0.5)
    assert F.sgd_update(w, 2.0, 0.5).tolist() == [0.0, 1.0]
    for call, words in (
        (lambda: nd.sgd_update(1, w, lr=0.1), "sgd_update: weight must be an array, got int"),
        (lambda: nd.lamb_update_phase2(w, w, w, w, lr=0.1), r"phase2: expected r1 of one number, got shape \(2,\)"),
        (lambda: nd.contrib.group_adagrad_update(nd.ones((2, 3)), nd.ones((2, 3)), nd.ones((3,)), lr=0.1),
         r"expected history of shape \(2, 1\), one number for each row of the weight \(2, 3\), got shape \(3,\)"),
        (lambda: nd.Pooling(nd.ones((1, 1, 2)), 2, "lp", p_value=0), "p_value, the order of the norm, must be at le"),
    ):  # fmt: skip
        with pytest.raises((TypeError, ValueError), match=words):
            call()


def test_one_weight_of_low_precision_steps_as_many_do() -> None:
    wide, grad = np.float32([1.0004, 2.0009, -3.0007]), nd.array([0.5, -1.0, 2.0]).astype("float16")

    def fresh() -> tuple[nd.NDArray, ...]:
        copy = nd.array(wide)
        return copy.astype("float16"), grad, nd.zeros((3,)), nd.zeros((3,)), copy

    one, many = fresh(), fresh()
    g = nd.mp_lamb_update_phase1(*one, t=1, wd=0.1)
    norms = (one[4] ** 2).sum() ** 0.5, (g**2).sum() ** 0.5
    nd.mp_lamb_update_phase2(one[0], g, *(n.reshape((1,)) for n in norms), one[4], lr=0.5, out=one[0])
    nd.contrib.multi_mp_lamb_update(*([a] for a in many), [1], [0.5], [0.1], out=[many[0]])
    np.testing.assert_array_equal(many[0].asnumpy(), one[0].asnumpy())
    np.testing.assert_allclose(many[4].asnumpy(), one[4].asnumpy(), rtol=2e-7)
    length = np.linalg.norm(wide.astype("float16").astype("float32"))  # what MXNet's kernel took for many
    assert abs(length / norms[0].item() - 1) > 1e-4

"""Random calls of every operator: no crash, no hang, no wrong number, and refusals that name the operator.

A child process makes the calls, so that one that kills it is reported as the input that did. DLCORE_FUZZ=thorough draws
many more, new ones in every run; Hypothesis prints how to repeat what it finds, made as small as it can.
"""

from __future__ import annotations

import os
from collections.abc import Iterator

import numpy as np
import pytest
from fuzz.calls import Call, calls
from fuzz.child import Child
from fuzz.programs import Program, programs
from hypothesis import HealthCheck, given, settings

from dlcore import _core
from dlcore.ops import RECORDS, F

THOROUGH = os.environ.get("DLCORE_FUZZ") == "thorough"
ROOMS = 8
# Each operator is called about so often.
EACH = 2000 if THOROUGH else 3
NAMES = sorted(RECORDS)
GROUPS = [NAMES[k::ROOMS] for k in range(ROOMS)]


def drawn(examples: int) -> settings:
    return settings(
        max_examples=examples,
        derandomize=not THOROUGH,
        database=None,
        deadline=None,
        report_multiple_bugs=False,
        suppress_health_check=list(HealthCheck),
    )


@pytest.fixture(scope="module")
def child() -> Iterator[Child]:
    child = Child("judge")
    yield child
    child.close()


@pytest.fixture(scope="module")
def runner() -> Iterator[Child]:
    child = Child("programs")
    yield child
    child.close()


@pytest.mark.parametrize("names", GROUPS, ids=range(ROOMS))
def test_random_calls(child: Child, names: list[str]) -> None:
    @drawn(EACH * len(names))
    @given(calls(names))
    def one(call: Call) -> None:
        wrong = child.ask(call)
        assert not wrong, f"{wrong}\n{call}"

    one()


def test_random_programs_of_views_and_writes(runner: Child) -> None:
    @drawn(200_000 if THOROUGH else 200)
    @given(programs())
    def one(program: Program) -> None:
        wrong = runner.ask(program)
        assert not wrong, f"{wrong}\n{program}"

    one()


@pytest.mark.parametrize(
    ("what", "said"),
    [
        ("fine", ""),
        ("wrong", "a wrong number"),
        ("crash", "Segmentation fault"),
        ("hang", "no answer within"),
        ("exit", "exit status 3"),
    ],
)
def test_the_child_tells(what: str, said: str) -> None:
    child = Child("misbehave", seconds=20.0 if what != "hang" else 1.0)
    try:
        answer = child.ask(what)
        assert said in answer and bool(answer) == bool(said)
        assert child.ask("fine") == "", "a new child takes the place of the old one"
    finally:
        child.close()


def test_a_wrong_kernel_is_found(child: Child) -> None:
    """The judge compares: an operator that says another's numbers does not pass."""
    from fuzz import judge

    call = next(c for c in map(_sample, range(100)) if c.mode == "plain")
    assert judge.judge(call) == ""
    right = F.tanh
    try:
        F.tanh = F.sin
        assert judge.judge(call).startswith("wrong")
    finally:
        F.tanh = right


def single(*values: float) -> np.ndarray:
    return np.array(values, np.float32)


BIG = 3e38
COMPLEX = np.array([[1 + 2j, 3 - 1j], [0.5j, -2]], np.complex64)
WRONG: dict[str, tuple[str, list[np.ndarray], np.ndarray]] = {
    "a complex product": ("matmul", [COMPLEX, COMPLEX], COMPLEX @ COMPLEX.conj()),
    "a complex sum": ("sum", [COMPLEX], np.array(2.5, np.complex64)),
    "NaN that is not there": ("add", [single(np.inf, 1), single(1, 2)], single(np.nan, 3)),
    "NaN that was lost": ("maximum", [single(np.nan), single(1)], single(1)),
    "an infinity of the other sign": ("multiply", [single(np.inf), single(-1)], single(np.inf)),
    "a part of a sum that passed the range": ("sum", [single(BIG, BIG, -BIG)], single(np.nan)[0]),
    "a mean that did": ("mean", [single(BIG, BIG)], single(-np.inf)[0]),
    "a finite number where a part of a sum may leave the range": (
        "matmul",
        [single(BIG, BIG).reshape(1, 2), single(1, -1).reshape(2, 1)],
        single(1e36).reshape(1, 1),
    ),
    "a number far from the exact one": ("hypot", [single(BIG), single(1)], single(2e38)),
}


@pytest.mark.parametrize("what", WRONG)
def test_wrong_numbers_of_special_calls_are_found(what: str) -> None:
    from fuzz.calls import Array
    from fuzz.compare import Wrong, compare

    name, given_, wrong = WRONG[what]
    inputs = tuple(Array(v.shape, v.dtype.name, "whole", "special", 0, k) for k, v in enumerate(given_))
    call, record = Call(name, inputs, {}, "plain", 0, True), RECORDS[name]
    arrays = [_core.from_numpy(v, copy=True) for v in given_]
    with np.errstate(all="ignore"):
        compare(record, call, given_, [getattr(F, name)(*arrays)])
        with pytest.raises((Wrong, AssertionError)):
            compare(record, call, given_, [_core.from_numpy(np.asarray(wrong), copy=True)])


def _sample(seed: int) -> Call:
    from fuzz.calls import Array

    x = Array((3, 4), "float32", "stepped", "sample", seed, 0)
    return Call("tanh", (x,), {}, "plain", 0, True)


@pytest.mark.parametrize(
    "name", ["_attention_grad", "_attention_dropped_grad", "_batch_norm_grad", "_grid_sample_grad", "batch_norm_train"]
)
def test_parts_of_gradients_are_compared_and_what_is_wrong_in_them_is_found(name: str) -> None:
    """What they are given of the forward part follows from what else they are given."""
    from fuzz.calls import Array, make, samples_of, shape_of
    from fuzz.compare import Wrong, compare, prepared

    record = RECORDS[name]
    for case, (draws, attrs) in enumerate(samples_of(record)):
        inputs = tuple(
            Array(shape_of(d) or (), d.dtype or "float64", "whole", "sample", k, k) for k, d in enumerate(draws)
        )
        call = Call(name, inputs, attrs, "plain", case, True)
        values = make(call)
        results = getattr(F, name)(*[_core.from_numpy(v, copy=True) for v in values], **attrs)
        assert prepared(record, call, values, results) is not None
        compare(record, call, values, results)
        for k in range(len(results)):
            off = [_core.from_numpy(r.asnumpy() + (1e-3 if i == k else 0), copy=True) for i, r in enumerate(results)]
            with pytest.raises((Wrong, AssertionError)):
                compare(record, call, values, off)

"""The functions made from the stanzas, the table, the stub, and the few functions that choose."""

from __future__ import annotations

import inspect
import subprocess
import sys
from typing import Any

import numpy as np
import pytest

from dlcore import autograd
from dlcore.array import nd
from dlcore.ops import RECORDS, F, docs, functions
from dlcore.ops.composite import FUNCTIONS


@pytest.mark.parametrize("name", sorted(RECORDS))
def test_signature_is_the_stanzas(name: str) -> None:
    record = RECORDS[name]
    got = [p for p in inspect.signature(getattr(F, name)).parameters if p != "out"]
    assert got == list(record.order)


def test_unknown_operator_gets_the_nearest_name() -> None:
    with pytest.raises(AttributeError, match="did you mean 'softmax'"):
        F.sotfmax  # noqa: B018


def test_out_receives_the_result() -> None:
    x, y = nd.array([1.0, 2.0]), nd.zeros((2,))
    given = F.add(x, 1.0, out=y)
    assert given.tolist() == y.tolist() == [2.0, 3.0] and given._ptr == y._ptr
    w, m = nd.array([1.0]), nd.array([0.5])
    F.sgd_mom_update(w, nd.array([2.0]), m, 0.1, 0.9, out=(w, m))
    np.testing.assert_allclose([w.item(), m.item()], [1.25, 0.25], rtol=1e-6)


def test_lists_and_numpy_arrays_are_taken() -> None:
    assert F.add([1.0, 2.0], np.array([3.0, 4.0], np.float32)).tolist() == [4.0, 6.0]
    with pytest.raises(TypeError, match="add: cannot make an array of"):
        F.add("word", 1.0)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda x: F._split_like(x, nd.ones(3), axis=1), r"_split_like: expected arrays of 2 axes, got one of shape"),
        (lambda x: F._split_like(x, nd.ones((2, 3)), nd.ones((9, 3))), "make up the 4 of axis 0, got 11"),
        (lambda x: F._split_like(x), "_split_like: expected arrays that make up the 4 of axis 0, got 0"),
        (lambda x: F._unstack(x, *[x] * 9, axis=1), "_unstack: expected arrays that make up the 3 of axis 1, got 9"),
    ],
)
def test_pieces_of_a_gradient_read_no_memory_behind_it(call: Any, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        call(nd.ones((4, 3)))


@pytest.mark.parametrize("tool", ["dlcore.ops.docs", "dlcore.array.stub"])
def test_stubs_in_the_tree_are_the_stanzas(tool: str) -> None:
    command = [sys.executable, "-m", tool, "--check"]  # apart: other tests here declare operators
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr


def test_table_has_every_public_operator(tmp_path) -> None:
    docs.main(["--out", str(tmp_path / "operators.md")])
    text = (tmp_path / "operators.md").read_text(encoding="utf-8")
    for record in docs.public():
        assert f"| {record.name} |" in text


def test_docstrings_name_arguments_rules_and_example() -> None:
    text = functions.docstring(RECORDS["sum"])
    for part in ("axis: int | Sequence[int] | None", "Dtype:", "Shape:", "Raises:", ">>> F.sum("):
        assert part in text


def test_dropout_only_drops_in_training() -> None:
    x = nd.ones((1000,))
    assert F.dropout(x, 0.5) is x
    with autograd.record():
        y = F.dropout(x, 0.5)
    values = set(y.asnumpy().tolist())
    assert values == {0.0, 2.0}
    assert set(F.dropout(x, 0.5, mode="always").asnumpy().tolist()) == {0.0, 2.0}
    with pytest.raises(ValueError, match="mode must be"):
        F.dropout(x, 0.5, mode="never")


def test_batch_norm_moves_the_averages_in_training_only() -> None:
    x = nd.array(np.random.default_rng(0).normal(3, 2, (8, 2, 4, 4)).astype(np.float32))
    one, zero = nd.ones((2,)), nd.zeros((2,))
    mean, var = nd.zeros((2,)), nd.ones((2,))
    F.batch_norm(x, one, zero, mean, var)
    assert mean.tolist() == [0.0, 0.0]
    with autograd.record():
        y = F.batch_norm(x, one, zero, mean, var, momentum=0.9)
    seen = x.asnumpy().transpose(1, 0, 2, 3).reshape(2, -1)
    np.testing.assert_allclose(mean.asnumpy(), 0.1 * seen.mean(1), rtol=1e-4)
    np.testing.assert_allclose(var.asnumpy(), 0.9 + 0.1 * seen.var(1), rtol=1e-4)
    np.testing.assert_allclose(y.asnumpy().transpose(1, 0, 2, 3).reshape(2, -1).std(1), 1.0, rtol=1e-3)
    before = mean.tolist()
    with autograd.record():
        F.batch_norm(x, one, zero, mean, var, use_global_stats=True)
    assert mean.tolist() == before


def test_gelu_has_two_forms() -> None:
    x = nd.array([-1.0, 0.5])
    np.testing.assert_array_equal(F.gelu(x).asnumpy(), F.gelu_erf(x).asnumpy())
    np.testing.assert_array_equal(F.gelu(x, approximate=True).asnumpy(), F.gelu_tanh(x).asnumpy())


@pytest.mark.parametrize("name", sorted(FUNCTIONS))
def test_choosing_functions_are_listed(name: str) -> None:
    assert name in dir(F) and getattr(F, name) is FUNCTIONS[name]

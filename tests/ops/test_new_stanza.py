"""One stanza, written here, gives an operator everything: function, signature, gradients, table row, tests."""

from __future__ import annotations

import inspect
from dataclasses import replace

import numpy as np
import pytest
from ops import harness, slopes

from dlcore import autograd
from dlcore.array import nd
from dlcore.ops import F, _program, op
from dlcore.ops._samples import bad, real
from dlcore.ops.docs import row, stub

bump = op(
    "bump_for_test", "x, width: scalar = 2.0", "A bump of the given width around zero.",
    dtype="floating", expr="t = x / width; exp(-t * t) * cos(x)",
    grad={"x": "w2 = width * width; e = exp(-square(x) / w2); gy * (-e * sin(x) - 2.0 * x / w2 * y)"},
    ref="np.exp(-(x / width) ** 2) * np.cos(x)", samples=(real(-2, 2), real(1, 2)),
    errors=[bad("cannot be broadcast", real(shape=(2,)), real(shape=(3,)))],
    example="bump_for_test([0.]) -> [1.]", aliases="BumpForTest",
)  # fmt: skip


def test_function_with_its_signature_and_documentation() -> None:
    assert str(inspect.signature(F.bump_for_test)) == "(x, width=2.0, *, out=None)"
    assert "A bump of the given width" in F.bump_for_test.__doc__
    assert "bump_for_test([0.])" in F.bump_for_test.__doc__


@pytest.mark.parametrize("dtype", harness.dtypes_of(bump), ids=str)
def test_derived_oracle(dtype: np.dtype) -> None:
    harness.check_oracle(bump, dtype)


def test_derived_gradients_errors_and_example() -> None:
    assert slopes.differentiable(bump) == ["x"]
    assert slopes.check_gradients(bump) == 2
    harness.check_error(bump, bump.errors[0])
    harness.check_example(bump)


def test_a_wrong_gradient_is_caught() -> None:
    wrong = op("wrong_bump_for_test", "x", "A bump whose gradient is off by one part in a thousand.", dtype="floating",
               expr="sin(x)", grad="gy * cos(x) * 1.001", ref="numpy.sin", samples=real(-1, 1),
               example="wrong_bump_for_test([0.]) -> [0.]")  # fmt: skip
    with pytest.raises(AssertionError, match="gradient"):
        slopes.check_gradients(wrong)
    off = op("off_for_test", "x", "Its oracle says something else.", dtype="floating", expr="sin(x) + 1e-5",
             ref="numpy.sin", samples=real(-1, 1), example="off_for_test([0.]) -> [0.]")  # fmt: skip
    with pytest.raises(AssertionError, match="error"):
        harness.check_oracle(off, np.dtype("float32"))


def test_a_stanza_that_contradicts_itself_is_refused() -> None:
    with pytest.raises(ValueError, match="both_for_test: give expr or kernel or define"):
        op("both_for_test", "x", "Two ways to compute it.", expr="x", kernel="y")
    with pytest.raises(ValueError, match=r"open_for_test: the signature 'x, y\(' does not parse: "):
        op("open_for_test", "x, y(", "A bracket is missing.", expr="x")
    with pytest.raises(ValueError, match="bump_for_test: expr gives 1 results, outs names 2"):
        _ = replace(bump, outs=("y", "z")).tile
    with pytest.raises(_program.ProgramError, match=r"bump_for_test: grad names \['q'\], which are no inputs"):
        _program.compile_grad(replace(bump, grad={"q": "gy"}))
    with pytest.raises(_program.ProgramError, match="bump_for_test: define gives 1 results, outs names 2"):
        _program.compile_define(replace(bump, expr=None, define="sin(x)", outs=("y", "z")))


def test_alias_row_stub_and_ssa_form() -> None:
    assert inspect.unwrap(nd.BumpForTest) is F.bump_for_test  # around it: MXNet's name=, ctx= and names of inputs
    assert row(bump)[0] == "bump_for_test" and "nd.BumpForTest" in row(bump)[4]
    assert "def bump_for_test(" in stub() and "width: ArrayLike = 2.0" in stub()
    assert bump.tile is not None and bump.tile.n_in == 2


def test_both_ways_to_a_gradient() -> None:
    x = nd.array([0.3, -0.8])
    x.attach_grad()
    with autograd.record():
        y = F.bump_for_test(x)
    y.backward(retain_graph=True)
    direct = autograd.grad(y, x)
    np.testing.assert_array_equal(direct.asnumpy(), x.grad.asnumpy())

"""Every operator as a symbol: what it gives when bound is what the function on arrays gives."""

from __future__ import annotations

import contextlib
import doctest
import inspect
import io
from collections.abc import Callable
from typing import Any

import numpy as np
from ops import harness

from dlcore import nd, sym
from dlcore._core import NDArray
from dlcore.ops import RECORDS, Op
from dlcore.symbol._heads import HEADS
from dlcore.symbol._operators import CLASSIC, CONTRIB, parameters, target


class Lift:
    """Arrays to variables, and what to bind them to."""

    def __init__(self) -> None:
        self.given: dict[str, NDArray] = {}

    def __call__(self, value: Any) -> Any:
        if isinstance(value, (list, tuple)) and value and isinstance(value[0], NDArray):
            return [self(one) for one in value]
        if not isinstance(value, NDArray):
            return value
        name = f"v{len(self.given)}"
        self.given[name] = value
        return sym.var(name, dtype=value.dtype.name)


def covered(record: Op) -> bool:
    own = record.name not in CLASSIC and record.name not in HEADS and record.name not in ("var", "col2im")
    return own and not record.internal and record.family != "optimizer" and not record.random and bool(record.inputs)


def test_operators_with_a_stanza() -> None:
    """`sym.var` makes a variable, as in MXNet; `nd.col2im` has arguments of its own."""
    chosen = [record for record in RECORDS.values() if covered(record)]
    assert len(chosen) > 200
    for record in chosen:
        _, inputs, attrs = next(harness.calls_of(record, np.dtype(np.float32), harness.generator(record)))
        arrays, lift = harness.to_arrays(inputs), Lift()
        expected = harness.listed(getattr(nd, record.name)(*arrays, **attrs))
        found = getattr(sym, record.name)(*map(lift, arrays), **attrs).eval(**lift.given)
        assert len(found) == len(expected), record.name
        for got, want in zip(found, expected, strict=True):
            assert (got.shape, got.dtype) == (want.shape, want.dtype), record.name
            np.testing.assert_allclose(got.asnumpy(), want.asnumpy(), rtol=2e-5, atol=2e-6, err_msg=record.name)


# Arguments that lists are given for which are no arrays.
LISTS = frozenset("axes axis begin end indices_or_sections kernel pad_width pooled_size reps shape size".split())
# Whose examples show more than their numbers: a bias that a symbol makes itself, sparse arrays, a gradient.
MORE = {"ModulatedDeformableConvolution", "dot", "gradientmultiplier"}


def lifted(name: str) -> Callable[..., Any]:
    """The function of `nd` computed by a symbol."""
    own = parameters(name)
    star = next((p for p in own.values() if p.kind is p.VAR_POSITIONAL), None)

    def array(value: Any, parameter: inspect.Parameter) -> Any:
        wanted = parameter.default is parameter.empty and parameter.name not in LISTS
        if not (wanted and isinstance(value, (list, tuple)) and not isinstance(value[0], NDArray)):
            return value
        plain = np.asarray(value)
        return nd.array(plain, dtype="float32" if plain.dtype.kind == "f" else plain.dtype)

    def call(*args: Any, **kwargs: Any) -> Any:
        lift, slots = Lift(), list(own.values())
        places = [star or slots[min(k, len(slots) - 1)] for k in range(len(args))]
        lead = [lift(array(value, slot)) for value, slot in zip(args, places, strict=True)]
        words = {key: lift(array(value, own[key])) if key in own else value for key, value in kwargs.items()}
        found = getattr(sym, name)(*lead, **words).eval(**lift.given)
        return found[0] if len(found) == 1 else found

    return call


def test_functions_of_arrays_by_their_own_examples() -> None:
    """The examples of `nd` and `nd.contrib`, run through symbols, print what they say."""
    failed = {}
    for name in sorted((CLASSIC | CONTRIB) - MORE):
        function = inspect.unwrap(target(name))
        scope = {**vars(inspect.getmodule(function)), function.__name__: lifted(name), "nd": nd}  # type: ignore[arg-type]
        examples = doctest.DocTestParser().get_doctest(function.__doc__ or "", scope, name, None, None)
        source = "".join(example.source for example in examples.examples)
        assert f"{function.__name__}(" in source.replace(f"nd.{function.__name__}(", ""), f"{name}: no example of it"
        said = io.StringIO()
        runner = doctest.DocTestRunner(optionflags=doctest.ELLIPSIS | doctest.NORMALIZE_WHITESPACE)
        with contextlib.redirect_stdout(said):
            if runner.run(examples, out=said.write).failed:
                failed[name] = said.getvalue()
    assert not failed, "\n".join(failed.values())

"""Wrong calls of every public function and class: answers in words that name it, what was expected and what came.

A layer, loss, optimizer, metric or loader says so when it is made. All calls are made in a child process, so that what
they set or start stays there, and one that kills it is reported.
"""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from fuzz import methods, objects, public
from fuzz.child import Child

PAGES = public.public()


@pytest.fixture(scope="module")
def child() -> Iterator[Child]:
    child = Child("public", seconds=60.0)
    yield child
    child.close()


@pytest.mark.parametrize("page", PAGES)
def test_wrong_calls_are_answered_in_words(child: Child, page: str) -> None:
    found = child.ask(page)
    assert not found, found


@pytest.fixture(scope="module")
def caller() -> Iterator[Child]:
    child = Child("methods", seconds=60.0)
    yield child
    child.close()


@pytest.mark.parametrize("page", methods.methods())
def test_wrong_calls_of_methods_are_answered_in_words(caller: Child, page: str) -> None:
    found = caller.ask(page)
    assert not found, found


@pytest.fixture(scope="module")
def maker() -> Iterator[Child]:
    child = Child("objects", seconds=60.0)
    yield child
    child.close()


@pytest.mark.parametrize("page", objects.PAGES)
def test_layers_losses_metrics_and_optimizers_say_what_they_cannot_use(maker: Child, page: str) -> None:
    found = maker.ask(page)
    assert not found, found


def test_every_public_name_is_called() -> None:
    names = {one.name for listed in PAGES.values() for one in listed}
    assert len(names) > 1300 and {"gluon.nn.Dense", "np.tile", "run.train", "io.NDArrayIter", "sym.var"} <= names
    assert set(public.EXCUSED) <= names and len(public.EXCUSED) <= 11
    assert all(why.endswith(".") for why in public.EXCUSED.values())


def test_every_public_method_is_called() -> None:
    names = {one.name for listed in methods.methods().values() for one in listed}
    assert len(names) > 600 and {"NDArray.astype", "gluon.Trainer.step", "gluon.Constant.set_data"} <= names
    excused = methods.HOOKS | methods.SPARED | methods.UNMADE
    assert len(excused) <= 27 and all(why.endswith(".") for why in excused.values())
    assert set(methods.SPARED) <= names


def test_bad_words_are_found() -> None:
    """The judge of words can say no."""
    asked = ("Dense",)
    assert public.fault(TypeError("Dense: units must be a whole number, got 'a' (str)"), asked) == ""
    for error, lack in (
        (AttributeError("'str' object has no attribute 'shape'"), "AttributeError"),
        (SystemError("returned a result"), "SystemError"),
        (TypeError("'<' not supported between instances of 'str' and 'int'"), "Python's words"),
        (TypeError("Dense: object of type 'int' has no len()"), "Python's words"),
        (TypeError("units must be a whole number"), "names nobody"),
        (ValueError("Dense: oh"), "expected"),
    ):
        assert lack in public.fault(error, asked)


def test_an_argument_that_was_taken_is_found() -> None:
    class Layer:
        def __init__(self, units: int = 1, **more: int) -> None:
            self.units = units

    found = list(public.faults(public.Public("Layer", Layer, ("Layer",))))
    assert len(found) == 1 and "units was taken" in found[0]

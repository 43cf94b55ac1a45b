"""What type hints let in, and that layers, losses, optimizers, loaders and functions say so when they are made."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, Literal

import numpy as np
import pytest

import dlcore
import dlcore.gluon
from dlcore._answers import checked, guard
from dlcore._core import NDArray
from dlcore._kinds import FITS, WRONG_TYPE, WRONG_VALUE, Chance, Count, Length, came, kind_of, shown

dl: Any = dlcore  # what a type checker would refuse as well
gluon: Any = dlcore.gluon
nn = gluon.nn
Size = int | tuple[int, int]


@pytest.mark.parametrize(
    ("hint", "good", "wrong_value", "wrong_type"),
    [
        (int, [1, np.int32(2), True], [], ["1", None, 1.0, [1]]),
        (float, [1, 0.5, np.float32(1), np.array(2.0), dl.np.array(1.0)], [], ["1", None, [1.0], int, np.ones(2)]),
        (bool, [True, np.bool_(False), 1], [], ["no", 2, None, 0.0]),
        (str, ["a"], [], [b"a", 1, None]),
        ("str | None", ["a", None], [], [1]),
        (Count, [1, np.int64(3)], [0, -1], [1.5, "1"]),
        (Length, [0, -1, 3], [-2], [1.5]),
        (Chance, [0, 1, 0.5], [-0.1, 2], ["0.5"]),
        ("Count | Sequence[Count]", [1, (1, 2), [3], np.array([1, 2])], [0, (1, 0)], ["3", (1, "2"), 1.5]),
        ("Size", [3, (1, 2), [1, 2]], [(1, 2, 3)], [(1, "a"), 1.5, np.ones((2, 2))]),
        ("Literal['a', 'b'] | bool", ["a", True], ["c"], [3, None]),
        ("Mapping[str, int]", [{}, {"a": 1}], [], [[("a", 1)], None]),
        ("Callable[..., Any]", [print, int], [], ["print", None]),
        ("Iterable[str]", [["a"], {"a": 1}, iter("ab")], [], ["ab", 1, [1]]),
        ("str | os.PathLike[str]", ["a"], [], [1, b"a", None]),
        ("type[KeyError]", [KeyError], [], [ValueError, KeyError()]),
        ("Any | int", ["anything", None], [], []),
        ("NotThere | None", ["anything", None], [], []),
    ],
)
def test_hints_let_in_what_they_say(hint: Any, good: list[Any], wrong_value: list[Any], wrong_type: list[Any]) -> None:
    kind = kind_of(hint, globals())
    for value in good:
        assert kind is None or kind.judge(value) == FITS, value
    for value in wrong_value:
        assert kind is not None and kind.judge(value) == WRONG_VALUE, value
    for value in wrong_type:
        assert kind is not None and kind.judge(value) == WRONG_TYPE, value


def test_what_came_is_told_with_its_type() -> None:
    assert shown("ten") == "'ten' (str)" and shown(None) == "None" and shown(print) == "the function print"
    assert shown(int) == "the class int" and shown(object()) == "an object of object"
    assert shown(np.ones((2, 3))) == "an array of shape (2, 3) and dtype float64"
    assert len(shown("long " * 100)) < 80
    kind = kind_of("Sequence[int]", globals())
    assert kind is not None and came([1, "b"], kind) == "'b' (str) at place 1"


@pytest.mark.parametrize(
    ("make", "kind", "words"),
    [
        (lambda: nn.Dense("ten"), TypeError, r"Dense: units must be a whole number of at least 1, got 'ten' \(str\)"),
        (lambda: nn.Dense(-1), ValueError, r"Dense: units must be a whole number of at least 1, got -1 \(int\)"),
        (lambda: nn.Dense(3, use_bias="no"), TypeError, "Dense: use_bias must be True or False, got 'no'"),
        (lambda: nn.Dense(3, dtype="floot"), ValueError, "Dense: dtype must be a dtype such as 'float32', got 'floot'"),
        (
            lambda: nn.Dense(3, weight_initializer="x"),
            ValueError,
            "weight_initializer must be an initializer",
        ),
        (lambda: nn.Dense(), TypeError, "Dense.* is missing the required positional argument 'units'"),
        (lambda: nn.Dense(3, unit=4), TypeError, "Dense.* unexpected keyword argument 'unit'; did you mean 'units'"),
        (lambda: nn.Dropout(2), ValueError, "Dropout: expected 0 <= rate < 1, got 2"),
        (lambda: nn.Dropout("a"), TypeError, "Dropout: rate must be a number, got 'a'"),
        (lambda: nn.Conv2D(8, kernel_size="3"), TypeError, "Conv2D: kernel_size must be a whole number of at least 1"),
        (lambda: nn.Conv2D(8, (3, 0)), ValueError, "Conv2D: kernel_size must be .*got 0 .* at place 1"),
        (lambda: nn.MaxPool2D(pool_sise=2), TypeError, r"MaxPool2D\(\) got an unexpected .* did you mean 'pool_size'"),
        (lambda: gluon.rnn.LSTM("a"), TypeError, "LSTM: hidden_size must be a whole number of at least 1, got 'a'"),
        (lambda: gluon.loss.L2Loss("a"), TypeError, "L2Loss: weight must be a number, got 'a'"),
        (lambda: gluon.Trainer(3, "sgd"), TypeError, "Trainer: params must be a dict or a sequence of Parameters"),
        (lambda: gluon.Trainer({}, 3), TypeError, "Trainer: optimizer must be a string or an Optimizer, got 3"),
        (lambda: dl.optim.SGD("x"), TypeError, "SGD: learning_rate must be a number or None, got 'x'.*gluon.Trainer"),
        (lambda: dl.metric.Accuracy(axis="a"), TypeError, "Accuracy: axis must be a whole number, got 'a'"),
        (lambda: dl.metric.create("acc", 3), TypeError, r"metric.create\(\) takes 1 positional arguments .*, got 2"),
        (lambda: dl.metric.Accuracy(axes=1), TypeError, r"Accuracy\(\) got an unexpected keyword argument 'axes'"),
        (lambda: gluon.data.DataLoader(3), TypeError, "DataLoader: dataset must be a Dataset or a sequence, got 3"),
        (lambda: gluon.Parameter("w", shape="a"), TypeError, "Parameter: shape must be a whole number or a sequence"),
        (lambda: nn.Dense(2).initialize(ctx=3), TypeError, "Dense.initialize: ctx must be a device such as"),
        (lambda: dl.io.save_arrays(3, {}), TypeError, "io.save_arrays: .* must be a file name, got 3"),
        (lambda: dl.run.train(nn.Dense(1), ([1.0], [1.0]), lr="a"), TypeError, "train: lr must be a number or None"),
    ],
)
def test_wrong_arguments_are_told_at_once(make: Callable[[], Any], kind: type[Exception], words: str) -> None:
    with pytest.raises(kind, match=words):
        make()


def test_a_subclass_of_the_users_own_is_named() -> None:
    class Mine(nn.Dense):  # type: ignore[misc, name-defined]
        def __init__(self) -> None:
            super().__init__("many")

    with pytest.raises(TypeError, match="Mine: units must be"):
        Mine()


def test_signatures_names_and_docs_stay() -> None:
    import inspect

    assert next(iter(inspect.signature(nn.Dense).parameters)) == "units"
    assert dl.metric.create.__name__ == "create" and ">>>" in (dl.metric.create.__doc__ or "")
    assert inspect.unwrap(dl.metric.create) is not dl.metric.create


def test_a_function_is_wrapped_once() -> None:
    def twice(n: int) -> int:
        return 2 * n

    asked = checked(twice)
    assert asked(4) == 8
    with pytest.raises(TypeError, match="twice: n must be a whole number, got 'a'"):
        asked("a")  # type: ignore[arg-type]
    before = dl.metric.create
    guard("dlcore.metric", ["create"])
    assert dl.metric.create is before


@pytest.mark.parametrize(
    ("hint", "given", "taken"),
    [
        (int, np.int64(3), 3),
        (int, np.array(3), 3),
        (int, dl.np.array(3), 3),
        (float, np.float32(0.5), 0.5),
        (bool, np.bool_(True), True),
        ("Count | Sequence[Count]", np.int32(2), 2),
        ("Count | Sequence[Count]", np.array([2, 3]), (2, 3)),
        ("Size", [np.int64(1), 2], [1, 2]),
        ("Literal['a', False] | int", np.bool_(False), False),
        ("Sequence[float]", (np.float32(1), 2), (1.0, 2)),
    ],
)
def test_functions_get_numbers_of_pythons_own(hint: Any, given: Any, taken: Any) -> None:
    def function(value: Any) -> Any:
        return value

    function.__annotations__["value"] = hint
    for got in (checked(function)(given), checked(function)(value=given)):
        assert got == taken and type(got) is type(taken)
        assert not isinstance(taken, (list, tuple)) or [*map(type, got)] == [*map(type, taken)]


def test_gradients_flow_through_numbers_of_ours() -> None:
    def function(value: float) -> Any:
        return value

    def listed(value: Sequence[float]) -> Any:
        return value

    def either(value: Sequence[int] | NDArray) -> Any:
        return value

    x, y, z = dl.np.array(2.0), dl.np.ones(3), dl.np.ones(3, dtype="int32")
    assert checked(function)(x) is x  # type: ignore[arg-type]
    assert checked(listed)(y) is y and checked(either)(z) is z


__all__ = ["Callable", "Count", "Iterable", "Literal", "Mapping", "Sequence", "os"]

"""The marks of a search: what they allow, where a value lies, how a wrong one is told."""

import pytest

import dlcore as dl
from dlcore.tune import MarkError

tune = dl.tune


@pytest.mark.parametrize(
    "make, match, argument",
    [
        (lambda: tune.log(0, 1), "above 0", 0),
        (lambda: tune.log(1, 1), "low end before", 1),
        (lambda: tune.uniform(2, 1), "low end before", 1),
        (lambda: tune.uniform("a", 1), "expected a number, got 'a'", 0),
        (lambda: tune.uniform(0, float("inf")), "finite", 1),
        (lambda: tune.uniform(0, True), "expected a number, got True", 1),
        (lambda: tune.int(1.5, 3), "whole numbers, got 1.5", 0),
        (lambda: tune.int(1, 5, 0), "step >= 1", 2),
        (lambda: tune.choice(1), "two options", 0),
        (lambda: tune.choice(), "two options", None),
        (lambda: tune.choice(1, 2, 1), "1 is there twice", 2),
        (lambda: tune.choice([1, 2]), "one by one", 0),
    ],
)
def test_a_wrong_mark_says_what_and_which_argument(make, match, argument):
    with pytest.raises(MarkError, match=match) as caught:
        make()
    assert caught.value.argument == argument


def test_where_a_value_lies():
    assert tune.log(1e-4, 1.0).place(1e-2) == pytest.approx(0.5)
    assert tune.uniform(-1, 3).place(0) == 0.25
    assert tune.int(2, 10).place(4) == 0.25
    assert [tune.choice("a", "b", "c").place(v) for v in "abc"] == [0, 0.5, 1]


def test_options_that_are_no_numbers_are_kept_apart_by_their_text():
    mark = tune.choice(len, max, None, 1, True, "1")
    assert mark.labels == ("len", "max", "None", "1 (4)", "True", "1 (6)")
    assert [mark.stored(v) for v in (max, 1, True, "1")] == ["max", "1 (4)", "True", "1 (6)"]
    with pytest.raises(ValueError, match="expected one of len"):
        mark.stored(sum)


def test_a_step_ends_at_the_last_value_it_reaches():
    mark = tune.int(1, 10, 4)
    assert mark.high == 9 and mark.stored(5) == 5
    with pytest.raises(ValueError, match="4 apart from 1"):
        mark.stored(6)

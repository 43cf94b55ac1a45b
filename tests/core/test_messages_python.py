"""The tool that finds errors of Python code that no test provokes: what it counts, and what it says."""

from __future__ import annotations

import builtins
import traceback
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

import pytest
from scripts import script

SOURCE = """
class Base:
    def step(self):
        raise NotImplementedError

    def __getattr__(self, name):
        if name == "twin":
            raise AttributeError("twin: there is none")
        raise AttributeError(name)

def refusal(x) -> ValueError | None:
    return ValueError(f"no {x}") if x else None

def words(x) -> TypeError:
    kind = TypeError
    return kind(f"never {x}")

def own_fault(what):
    return AssertionError(what)

def check(x, error=KeyError):
    if x == 1:
        raise ValueError("check: one") from None
    if x == 2:
        raise own_fault("two")
    if x == 3:
        raise KeyError(x)
    try:
        return isinstance(x, ValueError)
    except TypeError as caught:
        raise caught from None
"""
FOUND = ["twin: there is none", "no {x}", "never {x}", "AssertionError(what)", "check: one", "two"]
ONE = FOUND.index("check: one")


@pytest.fixture
def tool() -> ModuleType:
    return script(".ci/messages_python.py")


@pytest.fixture
def recorded(tool: ModuleType, tmp_path: Path) -> Iterator[Path]:
    """The folder where code that is run in the test records."""
    before = getattr(builtins, tool.raises.REACHED, None)
    setattr(builtins, tool.raises.REACHED, tool.raises.Recorder(str(tmp_path)))
    yield tmp_path
    if before is None:
        delattr(builtins, tool.raises.REACHED)
    else:
        setattr(builtins, tool.raises.REACHED, before)


def test_new_errors_with_words_are_places(tool: ModuleType) -> None:
    found = tool.raises.places(SOURCE, "some.py")
    assert [word for word, place in zip(FOUND, found, strict=True) if word in place.text] == FOUND
    assert [place.internal for place in found] == [False, False, False, True, False, True]
    moved = tool.raises.places("\n\n" + SOURCE, "some.py")
    assert [p.key for p in moved] == [p.key for p in found] and moved[0].line == found[0].line + 2


def test_a_place_tells_that_it_was_reached(tool: ModuleType, recorded: Path) -> None:
    tree, found = tool.raises._found(SOURCE, "some.py")
    space: dict[str, object] = {}
    exec(compile(tree, "some.py", "exec"), space)
    check = space["check"]
    assert callable(check) and not check(0) and tool.reached(recorded) == set()
    with pytest.raises(ValueError, match="check: one") as told:
        check(1)
    assert traceback.extract_tb(told.tb)[-1].lineno == found[ONE].line
    assert tool.reached(recorded) == {("some.py", found[ONE].key)}
    assert tool.reached(recorded, left_out=("tests/core/test_messages_python.py",)) == set()


def test_what_no_test_reached_is_listed_and_makes_it_red(
    tool: ModuleType, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    files = tool.raises.files("dlcore/autograd")
    places = [place for path in files for place in tool.raises.places((tool.ROOT / path).read_bytes(), path)]
    assert len(places) > 30
    one, rest = places[0], places[1:]
    (tmp_path / "1.txt").write_text("".join(f"{p.path}\t{p.key}\ttests/some.py\n" for p in rest))
    assert tool.report(["autograd"], tmp_path) == 1
    assert f"{one.path}:{one.line}: " in capsys.readouterr().out
    (tmp_path / "2.txt").write_text(f"{one.path}\t{one.key}\t{tool.RANDOM[0]}\n")
    assert tool.report(["autograd"], tmp_path) == 1, "calls drawn at random"
    (tmp_path / "2.txt").write_text(f"{one.path}\t{one.key}\t\n")
    assert tool.report(["autograd"], tmp_path) == 0

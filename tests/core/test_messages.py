"""The lane that lists errors which no test provokes: what it finds in a source, what it asks for, when it is red."""

from __future__ import annotations

from pathlib import Path
from types import ModuleType

import pytest
from scripts import script

ROOT = Path(__file__).resolve().parents[2]
SOURCE = """// a comment that can throw
[[noreturn]] static void refuse(const char* why) {
  throw TypeError(std::string("f: ") + why);
}
[[noreturn]] static void stop() { throw InternalError("stopped"); }
int f(int x) {
  const char* text = "throw nothing; ever";
  if (x < 0) throw ValueError("f: expected at least 0; got " +
                              std::to_string(x));
  if (x == 1) refuse("1 of two");
  if (x == 2) refuse("2 of two");
  if (x == 3) stop();
  try {
    g(x);
  } catch (Error& e) {
    if (x == 4) throw;
    throw LibraryError("g", e.what());
  }
}
"""


@pytest.fixture(scope="module")
def messages() -> ModuleType:
    return script(".ci/messages.py")


@pytest.fixture
def places(messages: ModuleType) -> list:
    return messages.throws("f.cpp", SOURCE, messages.always_throw([SOURCE]))


def test_every_error_of_a_source_is_found(places: list) -> None:
    found = [(place.line, place.kind) for place in places]
    assert found[:5] == [(3, ""), (5, "InternalError"), (8, ""), (10, ""), (11, "")]
    assert found[5:] == [(16, "passed on"), (17, "LibraryError")]
    assert places[2].said == 'throw ValueError("f: expected at least 0; got " + std::to_string(x));'
    assert len({place.key for place in places}) == len(places)


def test_the_marked_source_is_the_source_with_marks(messages: ModuleType, places: list) -> None:
    marked = messages.marked(SOURCE, places)
    assert marked.count("\n") == SOURCE.count("\n") and marked.count("::dl_messages::reached(") == len(places)
    assert 'if (x == 2) ::dl_messages::reached("f.cpp|refuse(\\"2 of two\\");|1"), refuse("2 of two");' in marked


def test_the_lane_is_red_until_all_is_reached(
    messages: ModuleType, places: list, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture
) -> None:
    monkeypatch.setattr(messages, "all_throws", lambda: {"f.cpp": places})
    monkeypatch.setattr(messages, "REACHED", tmp_path / "reached.txt")
    assert messages.report() == 4
    asked = [place.key for place in places if not place.kind]
    messages.REACHED.write_text("\n".join(asked[:3]) + "\n")
    capsys.readouterr()
    assert messages.report() == 1
    told = capsys.readouterr().out
    assert 'f.cpp:11: refuse("2 of two");' in told and "of 4 errors of the C++ core 1 are provoked by no test" in told
    messages.REACHED.write_text("\n".join(asked) + "\n")
    assert messages.report() == 0


def test_the_lane_reads_the_whole_core_and_runs_tests_that_are_there(messages: ModuleType) -> None:
    found = messages.all_throws()
    assert len(found) > 150 and sum(map(len, found.values())) > 350
    assert all((ROOT / "tests" / room).is_dir() for room in messages.TESTS)
    named = {place.kind for places in found.values() for place in places if place.kind in messages.NAMED}
    declared = (ROOT / "dlcore" / "csrc" / "tensor" / "fault.h").read_text()
    assert named == set(messages.NAMED) and all(f"struct {name} :" in declared for name in named)
    assert ".ci/messages.py" in (ROOT / "Makefile").read_text()

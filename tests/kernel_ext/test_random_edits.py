"""Random edits of random networks: the text can always be read again, and nothing changes that was not asked for."""

from __future__ import annotations

import random

import pytest

from dlcore.kernel_ext.errors import CleanError
from dlcore.kernel_ext.language import NetworkError, parse
from dlcore.kernel_ext.language.edits import edit
from dlcore.kernel_ext.language.resolve import resolve
from dlcore.kernel_ext.language.wires import Wires
from dlcore.kernel_ext.session import Session

LAYERS = ["dense 4", "dense 4 relu", "relu", "dropout 0.1", "identity", "layernorm", "dense 4 nobias  # kept"]


def program(rng: random.Random) -> str:
    """A text of lines of four numbers with names, joins, comments, blank lines and repeats."""
    rows, names = ["%%network net", "input 4"], []

    def lines(count: int, indent: str, known: list[str]) -> None:
        for number in range(count):
            if rng.random() < 0.15:
                rows.append(rng.choice(["", f"{indent}# remark {rng.randrange(100)}"]))
            kind = rng.random()
            if kind < 0.12 and not indent:
                rows.append(f"repeat {rng.randint(1, 3)}:")
                lines(rng.randint(1, 3), "   ", list(known))
            elif kind < 0.35 and known:
                rows.append(f"{indent}{rng.choice(['add', 'multiply'])} {rng.choice(known)}")
            elif kind < 0.65:
                name = f"{'r' if indent else 'v'}{len(rows)}{number}"
                rows.append(f"{indent}{name} = {rng.choice(LAYERS)}")
                known.append(name)
            else:
                source = f" from {rng.choice(known)}" if known and rng.random() < 0.3 else ""
                layer, _, remark = rng.choice(LAYERS).partition("  ")
                rows.append(f"{indent}{layer}{source}{'  ' + remark if remark else ''}")

    lines(rng.randint(4, 12), "", names)
    return "\n".join([*rows, "dense 2"])


def wires_of(text: str) -> tuple[dict[int, list[int | None]], Wires]:
    """For each line the lines it takes from; what comes into a repeat is the number of the repeat, negative."""
    wires = Wires(parse(text))
    entries = {id(line.body[0]): -line.number for line, _ in wires.walk() if line.body} | {id(wires.body[0]): 0}
    found = {
        line.number: [None if s is None else entries.get(id(s), s.number) for s in line.sources]
        for line, _ in wires.walk()
        if line.statement is not None
    }
    return found, wires


def request(rng: random.Random, wires: Wires) -> dict[str, object]:
    numbers = [line.number for line, _ in wires.walk() if line.statement is not None]
    line = rng.choice(numbers)
    return rng.choice(
        [
            {"do": "add", "line": line, "text": rng.choice(LAYERS).partition("  ")[0]},
            {"do": "add", "line": line, "text": "dense 4", "branch": True},
            {"do": "add", "line": line, "text": "add"},
            {"do": "remove", "line": line},
            {"do": "connect", "line": line, "source": rng.choice([0, *numbers])},
            {"do": "connect", "line": line, "source": rng.choice(numbers), "place": 0},
            {"do": "disconnect", "line": line, "place": rng.randrange(2)},
            {"do": "write", "line": line, "text": rng.choice([*LAYERS, "add", "repeat 2:", "densee", "dense"])},
            {"do": "repeat", "line": line, "to": rng.choice(numbers), "turns": rng.choice(["1", "3"])},
            {"do": "unrepeat", "line": line},
            {"do": "name", "line": line, "name": rng.choice(["", "x9", "dense", "a b", "v1"])},
        ]
    )


@pytest.mark.parametrize("seed", range(60))
def test_every_edit_leaves_a_text_that_can_be_read_and_other_wires_as_they_were(seed):
    rng = random.Random(seed)
    text = program(rng)
    assert Wires(parse(text)).text() == text
    for _ in range(12):
        before, wires = wires_of(text)
        asked = request(rng, wires)
        try:
            done = edit(parse(text), asked)
        except CleanError as error:
            assert str(error)
            continue
        after, _ = wires_of(done.text)
        was, comments = (
            [row.strip() for row in one.splitlines() if row.strip().startswith("#")] for one in (text, done.text)
        )
        # A line that has to stand below another is brought there with its comment.
        assert (sorted(comments) == sorted(was)) if asked["do"] == "connect" else (comments == was)
        if asked["do"] in ("repeat", "unrepeat"):  # what it means is looked at below
            text = done.text
            continue
        back = dict(done.moved)
        touched = {asked["line"]}
        if asked["do"] in ("add", "remove"):  # what took from that line takes from another
            gone = {asked["line"], *(before.keys() - back.values())}  # a repeat goes with its only line
            touched |= {line for line, sources in before.items() if gone & set(sources)}
        for new, old in back.items():
            if old in touched or new not in after or old not in before:
                continue
            seen = [through(after, back, source) for source in after[new]]
            assert seen == before[old], (asked, text, done.text)
        text = done.text


def through(after, back, source):
    """The line of before that a value comes from; lines that only give it a name are looked through."""
    if source is None or source == 0:
        return source
    if source < 0:
        return -back.get(-source, 0)
    return back[source] if source in back else through(after, back, after[source][0])


@pytest.mark.parametrize("seed", range(12))
def test_a_session_never_loses_the_network_and_undoes_everything(shell, seed):
    rng = random.Random(1000 + seed)
    while True:
        text = program(rng)
        try:
            resolve(parse(text), {})
            break
        except NetworkError:  # a value that nothing uses
            continue
    shell.run_cell(text).raise_error()
    net = shell.user_ns["net"]
    weights = {path: p.data().asnumpy() for path, p in net.collect_params().items()}
    session = Session(shell, "net", net)
    for _ in range(10):
        state = session.do(request(rng, Wires(parse(session.now.text))))
        assert state["type"] in ("state", "refused")
        assert net.shapes[0] is None or len(net.shapes) == len(net.plan.steps)
    while session.past:
        session.do({"do": "undo"})
    assert session.now.text == text and session.error is None
    assert set(net.collect_params()) == set(weights)
    for path, value in weights.items():
        assert (net.collect_params()[path].data().asnumpy() == value).all(), path


def meaning(text: str) -> list[object]:
    """What a network computes: each step with where its values come from, lines that only give names looked through."""
    steps = resolve(parse(text), {}).steps
    found: list[object] = []
    for step in steps:
        sources = tuple(found[at] if isinstance(found[at], int) else at for at in step.sources)
        shown = (step.word, repr(sorted(step.settings.items(), key=str)), step.activation, sources)
        found.append(sources[0] if step.word == "identity" and not step.activation else shown)
    places = {at: place for place, at in enumerate(at for at, one in enumerate(found) if not isinstance(one, int))}
    return [(*one[:3], tuple(places[at] for at in one[3])) for one in found if not isinstance(one, int)]  # type: ignore[index]


def test_one_turn_means_the_same_as_none():
    rng, tried = random.Random(0), 0
    while tried < 60:
        text = program(rng)
        try:
            before = meaning(text)
        except NetworkError:  # a value that nothing uses
            continue
        wires = Wires(parse(text))
        body = rng.choice([home for _, home in wires.walk()])
        lines = [line.number for line in body if line.statement is not None]
        asked = {"do": "repeat", "line": rng.choice(lines), "to": rng.choice(lines), "turns": "1"}
        try:
            done = edit(parse(text), asked)
        except CleanError:
            continue
        tried += 1
        assert meaning(done.text) == before, (asked, text, done.text)
        again = edit(parse(done.text), {"do": "unrepeat", "line": done.line}).text
        assert meaning(again) == before, (asked, text, again)
        said = [row.strip() for row in text.splitlines() if row.strip().startswith("#")]
        assert [row.strip() for row in again.splitlines() if row.strip().startswith("#")] == said

"""Changes a living network to another plan: layers that mean the same stay, with their weights; the others are new."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from typing import Any

from dlcore.gluon._count import unique

from .builder import Network, build, is_initialized
from .plan import Plan, Step
from .shapes import Shape

Held = list[tuple[Step, Any]]  # each step of a network with its block, None where it has none


@dataclass(frozen=True)
class Regrown:
    """What became of the layers that hold numbers: those that kept theirs, and those that are new, by name."""

    kept: tuple[str, ...]
    new: tuple[str, ...]


def regrow(net: Network, plan: Plan, before: Held | None = None, moved: Mapping[int, int] | None = None) -> Regrown:
    """Make `net` the network of `plan`, in place.

    A step with the same layer, settings and input keeps its very block; one whose settings changed but whose arrays
    have the same shapes keeps the values; an embedded network is compared step by step. `before` are the steps to keep
    from (default: those of the network now), `moved` says for lines of the new text which lines of the old one they
    were; without it equal lines are found by comparing. Raises NetworkError, and then nothing has changed.
    """
    fresh = build(plan)
    _like(net, fresh)
    kept, new = _carry(fresh, held(net) if before is None else before, moved)
    for name in ("plan", "shapes", "_last_use"):
        net.__dict__[name] = fresh.__dict__[name]
    blocks = dict(fresh._children)
    old_versions = {id(p): net._fresh[path] for path, p in net.collect_params().items() if path in net._fresh}
    young = {id(p): fresh._fresh[path] for path, p in fresh.collect_params().items() if path in fresh._fresh}
    net._children.clear()
    for name, block in blocks.items():
        net.register_child(block, name)
    # What has its first values still may be given others by initialize(); what has learned may not.
    found = {id(parameter): path for path, parameter in net.collect_params().items()}
    net._fresh = {found[number]: count for number, count in (young | old_versions).items() if number in found}
    for forget in ("_compiled", "_signature"):
        net.__dict__[forget] = None
    net.__dict__["_ready"] = False
    return Regrown(tuple(kept), tuple(new))


def held(net: Network) -> Held:
    """The steps of a network with their blocks, to bring them back later."""
    return list(zip(net.plan.steps, net.layers, strict=True))


def same_plan(a: Plan, b: Plan) -> bool:
    """Whether two plans make the same network, names included."""
    return [(step.name, _key(step)) for step in a.steps] == [(step.name, _key(step)) for step in b.steps]


def _key(step: Step) -> tuple[Any, ...]:
    """What a step means, wherever it stands and whatever it is called."""
    part: Any = id(step.part)
    if isinstance(step.part, Plan):
        part = tuple((_key(inner), inner.sources) for inner in step.part.steps)
    return step.word, tuple(sorted((name, repr(value)) for name, value in step.settings.items())), step.activation, part


def _carry(fresh: Network, old: Held, moved: Mapping[int, int] | None) -> tuple[list[str], list[str]]:
    """Put blocks or values of before into a network that was just built; the names of what kept its values or not."""
    kept: list[str] = []
    new: list[str] = []
    partners = dict(_partners(fresh.plan.steps, old, moved))
    for place, (step, block) in enumerate(held(fresh)):
        if block is None or not block.collect_params():
            continue
        old_step, old_block = partners.get(place, (None, None))
        if old_step is not None and _take(fresh, step, block, old_step, old_block):
            kept.append(step.name)
        elif isinstance(block, Network) and isinstance(old_block, Network) and isinstance(step.part, Plan):
            inside = _carry(block, held(old_block), None)
            for names, found in zip((kept, new), inside, strict=True):
                names += [f"{step.name}.{name}" for name in found]
        elif block is not step.part:
            new.append(step.name)
    return kept, new


def _take(fresh: Network, step: Step, block: Any, old_step: Step, old: Any) -> bool:
    """Give `step` the block, or at least the values, that it had before; False where they do not fit."""
    if old is None or block is old:
        return old is not None
    mine, theirs = block.collect_params(), old.collect_params()
    if _shapes(mine) != _shapes(theirs) or None in _shapes(mine).values():
        return False
    if _key(step) == _key(old_step) and step.part is old_step.part or _same_part(step, old_step):
        fresh.register_child(old, step.name)
        return True
    for path, parameter in mine.items():
        if not is_initialized(theirs[path]):
            return False
        parameter.set_data(theirs[path].data())
    return True


def _same_part(step: Step, old: Step) -> bool:
    return isinstance(step.part, Plan) and isinstance(old.part, Plan) and same_plan(step.part, old.part)


def _shapes(parameters: Any) -> dict[str, Shape | None]:
    def known(shape: Any) -> Shape | None:
        return None if shape is None or any(side <= 0 for side in shape) else tuple(shape)

    return {path: known(parameter.shape) for path, parameter in parameters.items()}


def _partners(
    steps: tuple[Step, ...], old: Held, moved: Mapping[int, int] | None
) -> Iterator[tuple[int, tuple[Step, Any]]]:
    """For the places of the new steps the old ones they come from."""
    if moved is not None:
        lines = {(step.span.line, _turns(step)): place for place, (step, _) in enumerate(old)}
        then, now = _counts([step for step, _ in old]), _counts(steps)
        for place, step in enumerate(steps):
            line = moved.get(step.span.line, 0)
            known = _turns_before(_turns(step), now[step.span.line], then.get(line, ()))
            at = next((lines.pop((line, turns)) for turns in known if (line, turns) in lines), None)
            if at is not None and old[at][0].word == step.word:
                yield place, old[at]
        return
    waiting, free = list(range(len(steps))), list(range(len(old)))
    for look in (_by_name, _by_line, _by_meaning):
        for place, at in list(look(steps, waiting, old, free)):
            waiting.remove(place)
            free.remove(at)
            yield place, old[at]


def _turns(step: Step) -> tuple[int, ...]:
    """In which turn of each repeat around it a step is; how repeats are called changes as others come and go."""
    return tuple(turn for _, turn in step.turn)


def _counts(steps: Sequence[Step]) -> dict[int, tuple[int, ...]]:
    """For each line how many turns the repeats around it have."""
    found: dict[int, tuple[int, ...]] = {}
    for step in steps:
        found[step.span.line] = max(found.get(step.span.line, ()), _turns(step))
    return found


def _turns_before(turns: tuple[int, ...], now: tuple[int, ...], then: tuple[int, ...]) -> list[tuple[int, ...]]:
    """Where a step may have been, the likeliest first: in the same turns; in the first turn of a repeat, before that
    was put around it; in the first turn of one that was taken away. `now` and `then` tell which one that is."""
    put = [place for place, turn in enumerate(turns) if turn == 1]
    put.sort(key=lambda place: _without(now, place) != then)
    taken = sorted(range(len(turns) + 1), key=lambda place: _without(then, place) != now)
    return [
        turns,
        *(_without(turns, place) for place in put),
        *((*turns[:place], 1, *turns[place:]) for place in taken),
    ]


def _without(turns: tuple[int, ...], place: int) -> tuple[int, ...]:
    return turns[:place] + turns[place + 1 :]


def _named(step: Step) -> str:
    """The name that the text itself gives, if it does."""
    return step.name if re.match(r"\w+ = ", step.text) else ""


def _by_name(steps: tuple[Step, ...], waiting: list[int], old: Held, free: list[int]) -> Iterator[tuple[int, int]]:
    """Lines that the text names as before."""
    places = {old[at][0].name: at for at in free if _named(old[at][0])}
    for place in waiting:
        at = places.get(_named(steps[place]))
        if at is not None and old[at][0].word == steps[place].word:
            yield place, at


def _by_line(steps: tuple[Step, ...], waiting: list[int], old: Held, free: list[int]) -> Iterator[tuple[int, int]]:
    """Equal lines in equal order."""
    before = [(_key(old[at][0]), _named(old[at][0])) for at in free]
    after = [(_key(steps[place]), _named(steps[place])) for place in waiting]
    for a, b, length in SequenceMatcher(None, before, after, False).get_matching_blocks():
        yield from ((waiting[b + n], free[a + n]) for n in range(length))


def _by_meaning(steps: tuple[Step, ...], waiting: list[int], old: Held, free: list[int]) -> Iterator[tuple[int, int]]:
    """What is left, whatever it is called: equal settings first, else the next of the same word in the same stretch."""
    before, after = [_key(old[at][0]) for at in free], [_key(steps[place]) for place in waiting]
    for tag, a0, a1, b0, b1 in SequenceMatcher(None, before, after, False).get_opcodes():
        if tag == "equal":
            yield from zip(waiting[b0:b1], free[a0:a1], strict=True)
        at = a0
        for place in waiting[b0:b1] if tag == "replace" else ():
            found = next((n for n in range(at, a1) if old[free[n]][0].word == steps[place].word), None)
            if found is not None:
                yield place, free[found]
                at = found + 1


def _like(net: Network, fresh: Network) -> None:
    """Bring new layers to the device, dtype and compilation of the network they go into."""
    having = [p for p in unique(net.collect_params().values()) if is_initialized(p)]
    if having:
        context = having[0].list_ctx()
        if context != [p.list_ctx() for p in fresh.collect_params().values() if is_initialized(p)][:1]:
            fresh.reset_ctx(context[0])
        dtypes = {str(p.dtype) for p in having}
        if len(dtypes) == 1 and (dtype := dtypes.pop()) != "float32":
            fresh.cast(dtype)
    if net._active:
        for block in fresh._children.values():
            block.hybridize(True, **net._flags)

"""The language on one page, written from the vocabulary."""

from __future__ import annotations

from .words import ACTIVATIONS, REQUIRED, STATEMENTS, WORDS, Slot, Word

INTRODUCTION = """\
Describes a network, one layer a line, and binds it to NAME, ready to train.

    %%network lenet
    input 1x28x28              # the shape of one sample
    conv 32 3x3 pad 1 relu     # values, then options, then an activation
    maxpool 2
    dense 128 relu
    dense 10

Each line takes the value of the line above it. Names make branches:

    a = conv 64 3x3 pad 1      # a name for what this line makes
    b = conv 64 1x1 from a     # take a in place of the line above
    add a b relu               # put named values together; with one name, the line above is the first

{python} in braces is evaluated in the notebook. # starts a comment. repeat 3: repeats the indented lines below it, each
time with new layers; names inside it are known only there.
%%network NAME(channels, stride=1) binds a reusable block; its parameters stand for values in its lines, and
use NAME(64, stride=2) or NAME(64, stride=2) in Python makes a network of it.
use of a %%network puts a fresh copy there, with parameters of its own; use of any other Gluon block puts in that very
block, so that its parameters are shared.
net.to_source() and %network net give the text back; %graph net and %summary net show it, %diagram net edits it as a
picture. A cell that was edited and is run again changes the network it made before: layers that stay the same keep
their weights. Run again as it is, it makes a new network.

A Mermaid flowchart in place of the lines is read as well: a box holds a line, arrows say where values go, and a shape
on an arrow is checked:

    flowchart TB
        a([input 1x28x28]) -->|1x28x28| b[conv 8 3x3 relu]
        b --> c[flatten] --> d[dense 10]"""


def reference() -> str:
    """The introduction, and a line for every word.

    >>> "conv CHANNELS KERNEL [stride 1] [pad 0]" in reference()
    True
    """
    layers = [row for name, row in WORDS.items() if name not in ACTIVATIONS]
    usages = {name: doc.partition(": ")[2].partition(",")[0] or name for name, doc in STATEMENTS.items()}
    lines = [INTRODUCTION, "", "Lines:"]
    lines += [f"  {usages[name]:<24} {doc.partition(':')[0]}." for name, doc in STATEMENTS.items()]
    lines += ["", "Layers:"]
    for row in layers:
        lines += [
            f"  {_usage(row)}",
            f"      {row.doc}",
            *(f"      {slot.name}: {slot.doc}" for slot in _explained(row)),
        ]
    lines += ["", "Activations, at the end of a line where [activation] stands, or as a line of their own:"]
    lines += [f"  {name:<10} {doc}" for name, doc in ACTIVATIONS.items()]
    return "\n".join(lines)


def _usage(row: Word) -> str:
    options = [f"[{slot.name}]" if slot.kind is None else f"[{slot.name} {_default(slot)}]" for slot in row.options]
    return " ".join([row.usage, *options, *(["[activation]"] if row.activation else [])])


def _default(slot: Slot) -> str:
    default = slot.default
    if default is None or default is REQUIRED:
        return slot.name.upper()
    if isinstance(default, tuple):
        return str(default[0]) if len(set(default)) == 1 else "x".join(map(str, default))
    return repr(default)


def _explained(row: Word) -> list[Slot]:
    return [slot for slot in (*row.slots, *row.options) if slot.doc]

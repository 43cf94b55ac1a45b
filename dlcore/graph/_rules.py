"""Update rules as C++ loops: for these few programs the text of one loop is rendered from the stanza.

The tile machine runs a program instruction by instruction over short blocks; an optimizer's rule has so many
instructions and arrays that this costs three times what reading and writing them does. GELU with its derivative is
another such program. `python -m dlcore.graph._rules` writes the loops to csrc/kernels/cpu/isa/rules, a file an
operator with all its forms, and their list to isa/update_rules.h; at run time a program that is equal to one of them,
but for the values of its constants, runs as that loop (csrc/kernels/cpu/tile_rules.cpp). A test holds the files to
what is rendered.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

from dlcore.ops._expr import Tile
from dlcore.ops._record import RECORDS

from ._tile import TileBuilder, renumber, used_inputs

FOLDER = Path(__file__).parent.parent / "csrc/kernels/cpu/isa/rules"
INDEX = FOLDER.with_name("update_rules.h")
HEAD = ("// Made by `python -m dlcore.graph._rules` from the stanzas of the update operators; do not edit.",
        "// clang-format off", "")  # fmt: skip
WIDTH = 118  # of a line
# Rules that optimizers of everyday use run.
RULES = ("sgd_update", "sgd_mom_update", "sgd_ema_update", "nag_mom_update", "adam_update", "adamw_update",
         "rmsprop_update")  # fmt: skip
OTHERS = ("_gelu_pair",)
# What a compiled step knows to be constant: that nothing is rescaled or clipped, or by what it is rescaled. A bound on
# gradients is read from memory. The learning rate of AdamW is the factor `eta`, in front of its decay.
CONSTANTS = {"plain": {"rescale": 1.0, "clip": -1.0}, "scaled": {"rescale": 0.5, "clip": -1.0},
             "clipped": {"rescale": 1.0}, "scaled_clipped": {"rescale": 0.5}}  # fmt: skip
ALWAYS = {"eps": 1e-8}
OWN = {"adamw_update": {"lr": 1.0}}


class Rule(NamedTuple):
    """A program to be a loop of its own; `arrays` says which inputs are arrays, the others are single numbers."""

    operator: str
    form: str  # "" as the operator is called by itself
    tile: Tile
    arrays: tuple[bool, ...]

    @property
    def name(self) -> str:
        return f"{self.operator}_{self.form}".strip("_")


def rules() -> Iterator[Rule]:
    """Every program that gets a loop, in the order in which the core looks for them."""
    for name in RULES:
        record = RECORDS[name]
        assert record.tile is not None
        yield Rule(name, "", record.tile, tuple(not spec.scalar for spec in record.inputs))
        for form in CONSTANTS:
            yield _compiled(name, form)
    for name in OTHERS:
        record = RECORDS[name]
        assert record.tile is not None
        yield Rule(name.strip("_"), "", record.tile, (True,) * len(record.inputs))


def _compiled(name: str, form: str) -> Rule:
    """The program that fusion makes of the operator `name` in a compiled step of this form."""
    record = RECORDS[name]
    assert record.tile is not None
    arrays = [not spec.scalar for spec in record.inputs]
    builder = TileBuilder(len(arrays), "float32")
    constants = {**ALWAYS, **CONSTANTS[form], **OWN.get(name, {})}
    operands = [
        builder.const(constants[spec.name]) if spec.name in constants else i for i, spec in enumerate(record.inputs)
    ]
    tile = builder.finish(builder.inline(record.tile, operands))
    keep = used_inputs(tile)
    return Rule(name, form, renumber(tile, keep), tuple(arrays[i] for i in keep))


def render() -> dict[Path, str]:
    """The text of every file: one for each operator with all its forms, and update_rules.h, the list of them."""
    by_operator: dict[str, list[Rule]] = {}
    for rule in rules():
        by_operator.setdefault(rule.operator, []).append(rule)
    made = {FOLDER / f"{name}.h": _text(line for rule in forms for line in _rule(rule))
            for name, forms in by_operator.items()}  # fmt: skip
    includes = [f'#include "kernels/cpu/isa/rules/{path.name}"' for path in made]
    known = [_entry(rule) for forms in by_operator.values() for rule in forms]
    return {INDEX: _text([*includes, "", "constexpr UpdateRule kUpdateRules[] = {", *known, "};"]), **made}


def _text(lines: Iterable[str]) -> str:
    return "\n".join([*HEAD, *lines]).rstrip("\n") + "\n"


def _entry(rule: Rule) -> str:
    arrays = sum(1 << i for i, array in enumerate(rule.arrays) if array)
    outs = ", ".join(map(str, rule.tile.outs))
    return (f"    {{{rule.tile.n_in}, {arrays}u, {len(rule.tile.code)}, k_{rule.name}, {len(rule.tile.outs)}, "
            f"{{{outs}}}, {rule.name}}},")  # fmt: skip


def _rule(rule: Rule) -> Iterator[str]:
    code, n_in = rule.tile.code, rule.tile.n_in
    yield from _filled(f"constexpr RuleStep k_{rule.name}[] = {{", [_step(*instruction) for instruction in code], "};")
    constants = " c" if any(mnemonic == "const" for mnemonic, _ in code) else ""
    yield f"void {rule.name}(int64_t n, const float* const* in, const float*{constants}, float* const* out) {{"
    arrays = [i for i, array in enumerate(rule.arrays) if array]
    yield from _filled("  const float ", [f"*a{i} = in[{i}]" for i in arrays])
    before = [f"v{i} = *in[{i}]" for i in range(n_in) if i not in arrays]  # what is one number for the whole loop
    single = [not array for array in rule.arrays]
    inside = [f"v{i} = a{i}[i]" for i in arrays]
    for i, (mnemonic, operands) in enumerate(code):
        constant = mnemonic == "const"
        single.append(constant or all(single[o] for o in operands))
        right = f"c[{i}]" if constant else f"{_enumerator(mnemonic)}::f({', '.join(f'v{o}' for o in operands)})"
        (before if single[-1] else inside).append(f"v{n_in + i} = {right}")
    yield from _filled("  const float ", before)
    yield from _filled("  float ", [f"*o{i} = out[{i}]" for i in range(len(rule.tile.outs))])
    yield "#pragma omp simd"
    yield "  for (int64_t i = 0; i < n; i++) {"
    yield from _filled("    const float ", inside)
    yield from (f"    o{i}[i] = v{value};" for i, value in enumerate(rule.tile.outs))
    yield "  }"
    yield "}"
    yield ""


def _step(mnemonic: str, operands: Sequence[int]) -> str:
    ids = () if mnemonic == "const" else operands
    return f"{{TileOp::{_enumerator(mnemonic)}, {', '.join(map(str, (*ids, -1, -1, -1)[:3]))}}}"


def _filled(start: str, parts: Sequence[str], end: str = ";") -> Iterator[str]:
    """`start`, the parts with commas between, and `end`: as many of them a line as there is room for."""
    line = start
    if not parts:
        return
    for i, part in enumerate(parts):
        piece = part + (end if i == len(parts) - 1 else ",")
        if len(line) + len(piece) + 1 > WIDTH:
            yield line
            line = " " * (len(start) - len(start.lstrip()) + 4) + piece
        else:
            line += piece if line == start else " " + piece
    yield line


def _enumerator(mnemonic: str) -> str:
    return "".join(part.capitalize() for part in mnemonic.split("_"))


if __name__ == "__main__":
    FOLDER.mkdir(exist_ok=True)
    for path, text in render().items():
        path.write_text(text)

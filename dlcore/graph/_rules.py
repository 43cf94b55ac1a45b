"""Update rules as C++ loops: for these few programs the text of one loop is rendered from the stanza.

The tile machine runs a program instruction by instruction over short blocks; an optimizer's rule has so many
instructions and arrays that this costs three times what reading and writing them does. GELU with its derivative is
another such program. `python -m dlcore.graph._rules` writes the loops to csrc/kernels/cpu/isa/update_rules.h; at run
time a program that is equal to one of them, but for the values of its constants, runs as that loop
(csrc/kernels/cpu/tile_rules.cpp). A test holds the file to what is rendered.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from dlcore.ops._expr import Tile
from dlcore.ops._record import RECORDS

from ._tile import TileBuilder, renumber, used_inputs

PATH = Path(__file__).parent.parent / "csrc/kernels/cpu/isa/update_rules.h"
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

    name: str
    tile: Tile
    arrays: tuple[bool, ...]


def rules() -> Iterator[Rule]:
    """Every program that gets a loop, in the order in which the core looks for them."""
    for name in RULES:
        record = RECORDS[name]
        assert record.tile is not None
        yield Rule(name, record.tile, tuple(not spec.scalar for spec in record.inputs))
        for form in CONSTANTS:
            yield _compiled(name, form)
    for name in OTHERS:
        record = RECORDS[name]
        assert record.tile is not None
        yield Rule(name.strip("_"), record.tile, (True,) * len(record.inputs))


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
    return Rule(f"{name}_{form}", renumber(tile, keep), tuple(arrays[i] for i in keep))


def render() -> str:
    """The text of update_rules.h."""
    found = list(rules())
    return "\n".join(
        [
            "// Made by `python -m dlcore.graph._rules` from the stanzas of the update operators; do not edit.",
            "// clang-format off",
            "",
            *(line for rule in found for line in _rule(rule)),
            "constexpr UpdateRule kUpdateRules[] = {",
            *(
                f"    {{{rule.tile.n_in}, {sum(1 << i for i, a in enumerate(rule.arrays) if a)}u, "
                f"{len(rule.tile.code)}, k_{rule.name}, {len(rule.tile.outs)}, "
                f"{{{', '.join(map(str, rule.tile.outs))}}}, {rule.name}}},"
                for rule in found
            ),
            "};",
            "",
        ]
    )


def _rule(rule: Rule) -> Iterator[str]:
    n_in = rule.tile.n_in
    yield f"constexpr RuleStep k_{rule.name}[] = {{"
    for mnemonic, operands in rule.tile.code:
        ids = () if mnemonic == "const" else operands
        yield f"    {{TileOp::{_enumerator(mnemonic)}, {', '.join(map(str, (*ids, -1, -1, -1)[:3]))}}},"
    yield "};"
    constants = " c" if any(mnemonic == "const" for mnemonic, _ in rule.tile.code) else ""
    yield f"void {rule.name}(int64_t n, const float* const* in, const float*{constants}, float* const* out) {{"
    single = [not array for array in rule.arrays]
    for i, array in enumerate(rule.arrays):
        yield f"  const float* a{i} = in[{i}];" if array else f"  const float v{i} = *in[{i}];"
    yield from (f"  float* o{i} = out[{i}];" for i in range(len(rule.tile.outs)))
    inside = []
    for i, (mnemonic, operands) in enumerate(rule.tile.code):
        single.append(mnemonic == "const" or all(single[o] for o in operands))
        right = (
            f"c[{i}]" if mnemonic == "const" else f"{_enumerator(mnemonic)}::f({', '.join(f'v{o}' for o in operands)})"
        )
        line = f"const float v{n_in + i} = {right};"
        if single[-1]:
            yield "  " + line
        else:
            inside.append("    " + line)
    yield "#pragma omp simd"
    yield "  for (int64_t i = 0; i < n; i++) {"
    yield from (f"    const float v{i} = a{i}[i];" for i, array in enumerate(rule.arrays) if array)
    yield from inside
    yield from (f"    o{i}[i] = v{value};" for i, value in enumerate(rule.tile.outs))
    yield "  }"
    yield "}"
    yield ""


def _enumerator(mnemonic: str) -> str:
    return {"const": "Const"}.get(mnemonic, mnemonic.capitalize())


if __name__ == "__main__":
    PATH.write_text(render())

"""The text of a network and its tree: what is read, and that writing it back reads the same."""

from __future__ import annotations

import keyword

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dlcore.kernel_ext.language import parse, to_source
from dlcore.kernel_ext.language.tree import (
    Brace,
    Comment,
    Layer,
    Name,
    Number,
    Parameter,
    Program,
    Repeat,
    Size,
    Use,
)
from dlcore.kernel_ext.language.words import ACTIVATIONS, RESERVED, WORDS

LENET = """%%network lenet
input 1x28x28
conv 32 3x3 pad 1 relu
conv 64 3x3 pad 1 relu
maxpool 2
flatten
dense 128 relu
dense 10"""


def test_a_tidy_text_comes_back_unchanged():
    assert to_source(parse(LENET)) == LENET


def test_a_layer_line_has_its_parts():
    layer = parse("b = conv {n} 3x5 stride 2 pad same nobias relu from a  # why").body[0]
    assert layer == Layer(
        "conv",
        (Brace("n"), Size((3, 5))),
        (("stride", Number(2)), ("pad", Name("same")), ("nobias", None)),
        "relu",
        source=Name("a"),
        target=Name("b"),
        comment="why",
    )


def test_options_are_equal_in_any_order():
    assert parse("conv 8 3x3 pad 1 stride 2") == parse("conv   8 3x3 stride 2   pad 1")
    assert parse("conv 8 3x3 pad 1 stride 2") != parse("conv 8 3x3 pad 2 stride 1")


def test_spacing_comments_and_the_times_sign():
    text = "%%network  n( c ,s = 2 )\n\n  # head\ninput  1×28×28#2 × 3\nrepeat   2 :\n  relu\n # odd\n  tanh\ndense 1"
    assert to_source(parse(text)) == (
        "%%network n(c, s=2)\n# head\ninput 1x28x28  # 2 × 3\nrepeat 2:\n    relu\n    # odd\n    tanh\ndense 1"
    )


def test_a_brace_holds_any_expression():
    layer = parse("dense {len({'}': 1}) + {1: 2}[1]} relu").body[0]
    assert layer.args == (Brace("len({'}': 1}) + {1: 2}[1]"),)
    assert parse("input {c}x28x{w+1}").body[0].args == (Size(("c", 28, "w+1")),)


def test_numbers_keep_their_type():
    values = [parse(f"dropout {text}").body[0].args[0].value for text in ("0.5", "1", "1e-3", ".25", "-2")]
    assert values == [0.5, 1, 0.001, 0.25, -2]
    assert [type(value) for value in values] == [float, int, float, float, int]


def test_the_head_names_the_network_and_its_parameters():
    program = parse("%%network block(channels, stride=1, size={k}x3)\nconv channels 3x3 stride stride")
    assert program.name == "block"
    assert program.parameters == (
        Parameter("channels"),
        Parameter("stride", Number(1)),
        Parameter("size", Size(("k", 3))),
    )
    assert parse("%%network block()\nrelu").parameters == ()
    assert parse("%%network block\nrelu").parameters is None


def test_repeats_nest():
    inner = Repeat(Number(3), (Layer("relu"),))
    assert parse("repeat 2:\n  dense 4\n  repeat 3:\n      relu\ntanh").body == (
        Repeat(Number(2), (Layer("dense", (Number(4),)), inner)),
        Layer("tanh"),
    )


# --- any tree, written and read again, is the same tree

names = st.from_regex(r"[a-z][a-z0-9_]{0,6}", fullmatch=True).filter(
    lambda name: name not in RESERVED and not keyword.iskeyword(name)
)
braces = st.sampled_from(["n", "a[0]", "f(1, 'x}')", "{1: 2}[1]", "k * 2", '"{"']).map(Brace)
numbers = st.one_of(st.integers(-(10**9), 10**9), st.floats(allow_nan=False, allow_infinity=False, width=64)).map(
    Number
)
sizes = st.lists(st.one_of(st.integers(0, 999), st.sampled_from(["n", "k + 1"])), min_size=2, max_size=4).map(
    lambda parts: Size(tuple(parts))
)
values = st.one_of(numbers, sizes, braces)
comments = st.none() | st.text("abc XYZ#={}x3:é", max_size=12).map(str.strip)


@st.composite
def layers(draw, in_template):
    row = draw(st.sampled_from(sorted(WORDS.values(), key=lambda row: row.name)))
    some = st.one_of(values, st.just(Name("channels"))) if in_template else values
    required = sum(slot.name != "" and type(slot.default) is object for slot in row.slots)
    args = tuple(draw(st.lists(some, min_size=required, max_size=len(row.slots))))
    options = []
    for slot in row.options:
        if draw(st.booleans()):
            words = st.sampled_from(slot.kind.words).map(Name) if slot.kind and slot.kind.words else some
            options.append((slot.name, None if slot.kind is None else draw(st.one_of(some, words))))
    operands = ()
    if row.operands:
        operands = tuple(draw(st.lists(names.map(Name), min_size=row.operands, max_size=3)))
    return Layer(
        row.name,
        args,
        tuple(options),
        draw(st.none() | st.sampled_from(sorted(ACTIVATIONS))) if row.activation else None,
        operands,
        None if row.operands else draw(st.none() | names.map(Name)),
        draw(st.none() | names.map(Name)),
        draw(comments),
    )


@st.composite
def uses(draw):
    args = draw(st.none() | st.lists(values, max_size=2).map(tuple))
    keywords = () if args is None else tuple(draw(st.dictionaries(names, values, max_size=2)).items())
    block = draw(st.one_of(names.map(Name), braces))
    optional = st.none() | names.map(Name)
    return Use(block, args, keywords, draw(optional), draw(optional), draw(comments))


def bodies(in_template, depth=2):
    lines = st.one_of(layers(in_template), uses(), comments.map(lambda text: Comment(text or "")))
    if depth:
        inner = bodies(in_template, depth - 1).filter(lambda body: any(not isinstance(s, Comment) for s in body))
        lines = st.one_of(lines, st.builds(Repeat, values, inner, comments))
    return st.lists(lines, min_size=1, max_size=4).map(tuple)


@st.composite
def programs(draw):
    in_template = draw(st.booleans())
    parameters = (Parameter("channels"), Parameter("width", draw(values))) if in_template else None
    name = draw(names)
    return Program(name, draw(bodies(in_template)), parameters)


@settings(max_examples=300, deadline=None)
@given(programs())
def test_every_tree_survives_being_written(program):
    text = to_source(program)
    again = parse(text)
    assert again == program
    assert to_source(again) == text


@pytest.mark.parametrize("word", sorted(WORDS))
def test_every_example_in_the_vocabulary_reads(word):
    example = WORDS[word].example
    assert to_source(parse(example, name="n")) == f"%%network n\n{example}"

"""The shapes and the wiring that a text means, worked out without building a layer."""

from __future__ import annotations

import pytest

from dlcore.kernel_ext.language import Template, parse
from dlcore.kernel_ext.language.infer import infer
from dlcore.kernel_ext.language.resolve import resolve


def plan_of(text, **namespace):
    return resolve(parse(text), namespace)


def shapes_of(text, **namespace):
    return infer(plan_of(text, **namespace), [], probe=None)


def wiring_of(text, **namespace):
    return [(step.name, step.sources) for step in plan_of(text, **namespace).steps]


@pytest.mark.parametrize(
    ("before", "line", "after"),
    [
        # Convolution and pooling: floor((n + 2p - d(k-1) - 1) / s) + 1, worked out by hand.
        ((1, 28, 28), "conv 32 3x3 pad 1 relu", (32, 28, 28)),
        ((1, 28, 28), "conv 32 3x3", (32, 26, 26)),
        ((3, 32, 48), "conv 8 5 stride 2", (8, 14, 22)),
        ((3, 32, 48), "conv 8 3x5 stride 2x1 pad 1x2", (8, 16, 48)),
        ((3, 32, 32), "conv 8 3x3 dilate 2", (8, 28, 28)),
        ((3, 33, 32), "conv 8 5x5 pad same stride 2", (8, 17, 16)),
        ((3, 32, 32), "conv 8 3x3 dilate 3 pad same", (8, 32, 32)),
        ((4, 8, 8), "conv 6 1x1 groups 2 nobias", (6, 8, 8)),
        ((8, 28, 28), "maxpool 2", (8, 14, 14)),
        ((8, 28, 28), "maxpool", (8, 14, 14)),
        ((8, 7, 7), "maxpool 3 stride 2", (8, 3, 3)),
        ((8, 7, 7), "avgpool 3 stride 2 pad 1", (8, 4, 4)),
        ((8, 7, 6), "avgpool 7x6", (8, 1, 1)),
        ((8, 7, 7), "globalpool", (8, 1, 1)),
        ((8, 7, 5), "flatten", (280,)),
        ((8, 7, 5), "dense 10", (10,)),
        ((20, 64), "dense 10 noflatten", (20, 10)),
        ((64,), "dense 10 noflatten gelu", (10,)),
        ((8, 7, 5), "batchnorm relu", (8, 7, 5)),
        ((20, 64), "layernorm", (20, 64)),
        ((20, 64), "dropout", (20, 64)),
        ((20,), "embedding 1000 64", (20, 64)),
        ((8, 7, 5), "reshape 40x7", (40, 7)),
        ((8, 7, 5), "reshape 280", (280,)),
        ((5,), "softsign", (5,)),
    ],
)
def test_each_word_has_its_shape(before, line, after):
    assert shapes_of(f"input {'x'.join(map(str, before))}\n{line}") == [before, after]


def test_branches_meet():
    text = "input 3x8x8\na = conv 4 3x3 pad 1\nb = conv 6 1x1 from a\nconcat a b\nc = conv 4 3x3 pad 1\nadd c a relu"
    assert shapes_of(text) == [(3, 8, 8), (4, 8, 8), (6, 8, 8), (10, 8, 8), (4, 8, 8), (4, 8, 8)]
    assert wiring_of(text) == [
        ("input", ()), ("a", (0,)), ("b", (1,)), ("concat1", (1, 2)), ("c", (3,)), ("add1", (4, 1))
    ]  # fmt: skip


def test_one_name_is_put_together_with_the_line_before():
    text = "input 8\nx = identity\ndense 8\nadd x"
    assert wiring_of(text)[-1] == ("add1", (2, 1))
    text = "input 8x2x2\nx = identity\nconv 4 1x1\nconcat x"
    assert shapes_of(text)[-1] == (12, 2, 2)
    assert wiring_of(text)[-1] == ("concat1", (2, 1))


def test_concat_along_other_axes():
    assert shapes_of("input 3x4\na = identity\nb = relu\nconcat a b axis 2")[-1] == (3, 8)
    assert shapes_of("input 3x4\na = identity\nb = relu\nconcat a b axis -2")[-1] == (6, 4)


def test_a_repeat_has_new_layers_and_names_each_turn():
    text = "input 8\nrepeat 2:\n    x = identity\n    dense 8 relu\n    repeat 2:\n        dense 8\n    add x\ndense 1"
    plan = plan_of(text)
    assert wiring_of(text) == [
        ("input", ()),
        ("repeat1_1_x", (0,)),
        ("repeat1_1_dense1", (1,)),
        ("repeat1_1_repeat2_1_dense1", (2,)),
        ("repeat1_1_repeat2_2_dense1", (3,)),
        ("repeat1_1_add1", (4, 1)),
        ("repeat1_2_x", (5,)),
        ("repeat1_2_dense1", (6,)),
        ("repeat1_2_repeat2_1_dense1", (7,)),
        ("repeat1_2_repeat2_2_dense1", (8,)),
        ("repeat1_2_add1", (9, 6)),
        ("dense1", (10,)),
    ]
    assert plan.steps[8].turn == (("repeat1", 2), ("repeat2", 1))
    assert plan.steps[-1].turn == ()


def test_names_never_collide():
    names = [name for name, _ in wiring_of("input 4\ndense1 = dense 3\ndense 4\ndense 5")]
    assert names == ["input", "dense1", "dense2", "dense3"]


def test_braces_see_the_notebook():
    text = "input {c}x{side}x{side}\nconv {widths[0]} {kernel} pad {kernel[0] // 2}\nrepeat {len(widths)}:\n    relu"
    shapes = shapes_of(text, c=3, side=8, widths=[16, 32], kernel=(3, 3))
    assert shapes == [(3, 8, 8), (16, 8, 8), (16, 8, 8), (16, 8, 8)]


def test_a_brace_is_evaluated_once_a_line_and_anew_each_turn():
    widths = [5, 6, 7, 8]
    text = "input 4\nrepeat 2:\n    dense {widths.pop(0)}\ndense {widths.pop(0)}"
    assert shapes_of(text, widths=widths) == [(4,), (5,), (6,), (7,)]
    assert widths == [8]


def test_a_step_shows_the_numbers_that_stood_in_braces():
    plan = plan_of("input {c}x8x8\na = conv {c * 2} {k} pad {k[0] // 2} relu", c=3, k=(3, 3))
    assert [step.text for step in plan.steps] == ["input 3x8x8", "a = conv 6 3x3 pad 1 relu"]


def test_numpy_integers_are_whole_numbers():
    numpy = pytest.importorskip("numpy")
    assert shapes_of("input 4\ndense {n}", n=numpy.int64(7))[-1] == (7,)


def test_a_reusable_block_takes_values():
    block = Template(parse("%%network block(c, s=1)\nconv {c * 2} 3x3 pad 1 stride s relu\nbatchnorm"), {})
    text = "input 3x8x8\nuse block(4)\nuse block({2 + 3}, s=2)\nlast = use block(s=2, c=1)"
    assert shapes_of(text, block=block) == [(3, 8, 8), (8, 8, 8), (10, 4, 4), (2, 2, 2)]
    assert [name for name, _ in wiring_of(text, block=block)] == ["input", "block1", "block2", "last"]


def test_a_block_can_use_a_block():
    namespace = {}
    namespace["inner"] = Template(parse("%%network inner(n)\ndense n relu"), namespace)
    namespace["outer"] = Template(parse("%%network outer(n)\nuse inner(n)\nuse inner({n + 1})"), namespace)
    assert shapes_of("input 3\nuse outer(4)", **namespace)[-1] == (5,)


def test_shapes_stay_unknown_without_an_input():
    assert shapes_of("conv 8 3x3\nrelu\ndense 10") == [None, None, None, None]


def test_two_inputs():
    text = "a = input 3x8x8\nb = input 5x8x8\nconcat a b\nconv 4 3x3"
    assert shapes_of(text) == [(3, 8, 8), (5, 8, 8), (8, 8, 8), (4, 6, 6)]


def test_a_block_reports_its_calls_like_python():
    block = Template(parse("%%network block(c, s=1)\nconv c 3x3 stride s"), {})
    assert block.arguments(3) == {"c": 3, "s": 1}
    for args, keywords, message in [
        ((), {}, "block needs a value for c"),
        ((1, 2, 3), {}, "block takes 2 values, not 3"),
        ((1,), {"c": 2}, "block gets c twice"),
        ((1,), {"t": 2}, "block has no parameter t"),
    ]:
        with pytest.raises(TypeError, match=message):
            block.arguments(*args, **keywords)

"""What a mistake says, word for word: the line, the words under the caret, and the message."""

from __future__ import annotations

import re

import pytest

from dlcore import gluon
from dlcore.kernel_ext.language import NetworkError, Template, make, parse
from dlcore.kernel_ext.language.source import value_text
from dlcore.kernel_ext.language.values import Values
from dlcore.kernel_ext.language.words import LINE_WORDS

LAYERS = ", ".join(LINE_WORDS)


def namespace():
    names = {"units": 64, "half": 0.5, "text": "wide"}
    names["block"] = make("%%network block(channels, stride=1)\nconv channels 3x3 stride stride", names)
    names["twin"] = make("%%network twin(n)\nuse niwt(n)", names)
    names["niwt"] = make("%%network niwt(n)\nuse twin(n)", names)
    names["both"] = make("%%network both\na = input 4\nb = input 4\nadd a b", names)
    names["pair"] = gluon.nn.HybridLambda(lambda F, x: (x, x))
    names.update(layer=gluon.nn.Dense(3), whole=int)
    return names


# text, line, words under the caret, message. An empty caret stands where something is missing, behind the line.
GOLDEN = [
    # words
    ("convv 32 3x3", 1, "convv", 'there is no layer "convv"; did you mean "conv"?'),
    ("input 8\nlinear 10", 2, "linear", 'there is no layer "linear"; did you mean "dense"?'),
    ("Dense 10", 1, "Dense", 'there is no layer "Dense"; did you mean "dense"?'),
    ("max_pool 2", 1, "max_pool", 'there is no layer "max_pool"; did you mean "maxpool"?'),
    ("zzz 3", 1, "zzz", f'there is no layer "zzz"; the words are {LAYERS}'),
    ("block 64", 1, "block", 'there is no layer "block"; for the network of that name write: use block'),
    ("32 conv", 1, "32", "a line starts with a layer word, such as conv or dense"),
    ("conv 8 3x3 padding 1", 1, "padding", 'conv does not know the word "padding"; did you mean "pad"?'),
    ("conv 8 3x3 strid 2", 1, "strid", 'conv does not know the word "strid"; did you mean "stride"?'),
    ("dense 10 rellu", 1, "rellu", 'dense does not know the word "rellu"; did you mean "relu"?'),
    ("maxpool 2 dilate 2", 1, "dilate", 'maxpool does not know the word "dilate"; it takes stride, pad'),
    ("dense 10 dropout 0.5", 1, "dropout",
     'dense does not know the word "dropout"; one layer stands on each line, so dropout goes on the next'),
    ("conv 8 3x3 flatten", 1, "flatten",
     'conv does not know the word "flatten"; one layer stands on each line, so flatten goes on the next'),
    ("dense units", 1, "units", 'dense does not know the word "units"; it takes nobias, noflatten, an activation; '
     "a Python name goes in braces: {units}"),
    ("maxpool 2 relu", 1, "relu", "maxpool takes no activation; write relu on a line of its own"),
    ("dense 8 relu tanh", 1, "tanh", "there is an activation already, relu; one line has one"),
    ("conv(32, 3)", 1, "(", "layers take no brackets; write it like: conv 32 3x3 pad 1 relu"),
    ("conv 8 3x3 pad=1", 1, "=", "options take no =; write pad and its value: pad 1"),
    ("conv 8 3x3 pad 1 pad 2", 1, "pad", "pad is given twice"),
    # numbers
    ("conv 32", 1, "", "conv needs its kernel, a size such as 3 or 3x3; for example: conv 32 3x3 pad 1 relu"),
    ("dense", 1, "", "dense needs its units, a whole number of at least 1; for example: dense 128 relu"),
    ("conv 8 3x3 pad", 1, "", "the pad of conv is missing here"),
    ("conv 8 3x3 pad sam", 1, "sam",
     'expected the pad of conv, a value such as 32 or 3x3, not "sam"; did you mean "same"?'),
    ("dense 1.5", 1, "1.5", "the units of dense must be a whole number of at least 1, not 1.5"),
    ("dense {half}", 1, "{half}", "the units of dense must be a whole number of at least 1, not 0.5 ({half})"),
    ("dense 10 20", 1, "20", "this is one value too many for dense: it is written: dense UNITS; "
     "its options are nobias, noflatten"),
    ("conv 8 3 3", 1, "3", "this is one value too many for conv: it is written: conv CHANNELS KERNEL, with a size such "
     "as 3 or 3x3; its options are stride, pad, dilate, groups, nobias"),
    ("input 1 28 28\nrelu", 1, "28", "this is one value too many for input: it is written: input SHAPE, with a shape "
     "such as 1x28x28"),
    ("conv 8 (3, 3)", 1, "(", '"(" means nothing here; conv is written: conv CHANNELS KERNEL'),
    ("conv 8 3y3", 1, "3y3", '"3y3" is not a number or a size; numbers are written 32 or 0.5, sizes 3x3'),
    ("conv 8 3*3", 1, "*", '"*" means nothing here; sizes are written 3x3'),
    ("conv 8 3x3x3", 1, "3x3x3", "the kernel of conv must be a size such as 3 or 3x3, not 3x3x3"),
    ("dropout 1.5", 1, "1.5", "the rate of dropout must be a number from 0 up to, but not including, 1, not 1.5"),
    ("input 0x3\nrelu", 1, "0x3", "the shape of input must be a shape such as 1x28x28, not 0x3"),
    ("dense {None}", 1, "{None}", "the units of dense must be a whole number of at least 1, not None ({None})"),
    ("dropout {True}", 1, "{True}",
     "the rate of dropout must be a number from 0 up to, but not including, 1, not True ({True})"),
    ("dropout {None}", 1, "{None}",
     "the rate of dropout must be a number from 0 up to, but not including, 1, not None ({None})"),
    ("input {()}\nrelu", 1, "{()}", "the shape of input must be a shape such as 1x28x28, not () ({()})"),
    ("a = relu\nconcat a a axis 0", 2, "0",
     "the axis of concat must be 1 for the first number of the shape, 2 for the second, -1 for the last, not 0"),
    ("conv 8 3x{half}", 1, "3x{half}", "a side of a size must be a whole number, not 0.5"),
    # shapes
    ("input 3x4x4\nconv 8 3x3\nconv 8 5x5", 3, "conv", "a window of 5x5 does not fit: conv gets 8x2x2"),
    ("input 3x2x2\nconv 8 5x5 pad 1", 2, "conv", "a window of 5x5 does not fit: conv gets 3x2x2 (padded to 4x4)"),
    ("input 784\nconv 8 3x3", 2, "conv",
     "conv expects channels x height x width, such as 3x32x32, but gets 784"),
    ("input 3x8x8\na = conv 4 3x3\nb = conv 4 5x5\nadd a b", 4, "b",
     "add needs equal shapes, but gets 4x6x6 and 4x2x2\n  a: 4x6x6 (line 2)\n  b: 4x2x2 (line 3)"),
    ("input 3x8x8\na = conv 4 3x3\nb = conv 4 5x5 from a\nconcat a b", 4, "b",
     "concat along axis 1 needs shapes that agree everywhere else, but gets 4x6x6 and 4x2x2\n"
     "  a: 4x6x6 (line 2)\n  b: 4x2x2 (line 3)"),
    ("input 8\na = relu\nconcat a a axis 2", 3, "concat", "8 has no axis 2; its axes are 1 to 1\n"
     "  a: 8 (line 2)\n  a: 8 (line 2)"),
    ("input 3x8x8\nreshape 3x60", 2, "reshape", "3x8x8 holds 192 numbers, 3x60 holds 180"),
    ("input 3x8x8\nconv 8 3x3 groups 2", 2, "conv", "2 groups do not divide the 3 channels of its input 3x8x8"),
    ("input 3x8x8\nconv 8 4x4 pad same", 2, "conv", "pad same needs a kernel with odd sides, but this one is 4x4"),
    ("conv 8 4x4 pad same", 1, "conv", "pad same needs a kernel with odd sides, but this one is 4x4"),
    ("input 3x8x8\nmaxpool 2 pad 2", 2, "maxpool", "maxpool can pad by at most half its window 2x2, not 2x2"),
    # names
    ("skip = dense 8\ndense 4\nadd skp", 3, "skp", 'no value is named "skp"; did you mean "skip"?'),
    ("dense 4 from b", 1, "b", 'no value is named "b"; name one like this: a = conv 32 3x3'),
    ("a = relu\ntanh from q", 2, "q", 'no value is named "q"; the names are a'),
    ("a = add a a", 1, "a", '"a" is made from itself'),
    ("a = add b b\nb = relu from a", 1, "b", '"b" is named on line 2, only below this line'),
    ("repeat 2:\n    x = relu\nadd x x", 3, "x", '"x" is named on line 2, inside a repeat and known only there'),
    ("a = relu\na = tanh", 2, "a", '"a" is already named on line 1'),
    ("conv = relu", 1, "conv", '"conv" is a word of the language and cannot be the name of a value'),
    ("a = dense 3\nb = dense 3\ntanh from a", 2, "dense", "nothing uses what this line makes"),
    ("a = relu\ndense 3 from a relu", 2, "relu", '"from a" ends the line; write relu before it'),
    ("add", 1, "", "add needs the names of the values it takes: add a b"),
    ("a = relu\nb = tanh\nadd a b from a", 3, "a", 'add names its values itself, so "from" means nothing here'),
    ("a =", 1, "=", 'what is "a"? a layer is missing after ='),
    # other networks
    ("use blok(3)", 1, "blok", 'the notebook has no network "blok"; did you mean "block"?'),
    ("use units", 1, "units", "units is not a network but 64"),
    ("use block", 1, "block", "block needs a value for channels: block(channels, stride=1)"),
    ("use block(8, strid=2)", 1, "block", "block has no parameter strid: block(channels, stride=1)"),
    ("use block(0)", 1, "block", "the channels of conv must be a whole number of at least 1, not 0 (channels)\n"
     "  in block, line 2: conv channels 3x3 stride stride"),
    ("input 7\nuse block(8)", 2, "use",
     "conv expects channels x height x width, such as 3x32x32, but gets 7\n"
     "  in block, line 2: conv channels 3x3 stride stride"),
    ("use block 8", 1, "8", '"8" means nothing after the network; write its values in brackets: use block(64)'),
    ("use net", 1, "net", "a network cannot use itself (net -> net)"),
    ("use twin(3)", 1, "twin", "a network cannot use itself (twin -> niwt -> twin)\n"
     "  in twin, line 2: use niwt(n)\n  in niwt, line 2: use twin(n)"),
    ("use layer(3)", 1, "layer", "layer takes no values in brackets; write: use layer"),
    ("use whole({text})", 1, "whole", "whole(...) fails: ValueError: invalid literal for int() with base 10: 'wide'"),
    ("input 8\nuse pair", 2, "use", "pair1 cannot take 8: it gives 2 values, and a network's line has one"),
    ("input 4\nuse both", 2, "use", "both has 2 inputs, but use gives it one value"),
    # lines
    ("  dense 10", 1, "  ", "only the lines below a repeat are indented"),
    ("repeat 2:\n    relu\n  tanh", 3, "  ", "this line is indented by 2, but the lines above it by 0 or 4"),
    ("repeat 2:\n    relu\n      tanh", 3, "      ", "only the lines below a repeat are indented"),
    ("repeat 2:\nrelu", 1, "repeat", "repeat needs at least one indented line below it"),
    ("repeat 2\n    relu", 1, "", "repeat ends with a colon: repeat 3:"),
    ("repeat {half}:\n    relu", 1, "{half}",
     "the number of turns must be a whole number of at least 1, not 0.5 ({half})"),
    ("repeat 2000:\n    relu", 1, "2000", "2000 turns are too many; 1000 is the most"),
    ("\trelu", 1, "\t", "indent with spaces, not with tabs"),
    ("relu\ninput 3", 2, "input", "input stands above the layers"),
    ("input 3\n", 1, "input 3", "net has no layers"),
    # braces
    ("dense {unit}", 1, "{unit}", 'the notebook has no "unit"; did you mean "units"?'),
    ("dense {units", 1, "{units", "this { has no closing }"),
    ("dense {1 +}", 1, "{1 +}", "this is not a Python expression: invalid syntax"),
    ("dense {1 / 0}", 1, "{1 / 0}", "this expression fails: ZeroDivisionError: division by zero"),
    ("dense {}", 1, "{}", "there is no expression between { and }"),
    # the head
    ("%%network\nrelu", 1, "", "%%network needs a name: %%network lenet"),
    ("%%network dense\nrelu", 1, "dense", '"dense" is a word of the language and cannot be a network\'s name'),
    ("%%network class\nrelu", 1, "class", '"class" is a word of Python and cannot be a network\'s name'),
    ("%%network a b\nrelu", 1, "b", '"b" is too much here; the layers stand on the lines below'),
    ("%%network a(n, n)\nrelu", 1, "n", "the parameter n stands here twice"),
    ("%%network a(n=1, m)\nrelu", 1, "m", "m needs a default too, since the parameter before it has one"),
]  # fmt: skip


@pytest.mark.parametrize(("text", "line", "caret", "message"), GOLDEN)
def test_the_message_is(text, line, caret, message):
    with pytest.raises(NetworkError) as caught:
        make(text, namespace())
    error = caught.value
    assert (error.lineno, error.caret, error.message) == (line, caret, message)


@pytest.mark.parametrize(("text", "line", "caret"), [row[:3] for row in GOLDEN])
def test_the_caret_stands_under_the_word(text, line, caret):
    with pytest.raises(NetworkError) as caught:
        make(text, namespace(), place="Cell In[7]")
    place, shown, under, *_ = caught.value.box().split("\n")
    written = text.split("\n")[line - 1]
    assert place == f"Cell In[7], line {line}"
    assert shown == f"    {written}".replace("\t", " ").rstrip()
    start, end = re.search(r"\^+", under).span()
    if caret:
        assert written[start - 4 : end - 4] == caret
    else:
        assert start - 4 == len(written) + 1


def test_the_nearest_word_is_only_offered_when_it_is_near():
    with pytest.raises(NetworkError) as caught:
        make("dense 10 qqq")
    assert caught.value.message == 'dense does not know the word "qqq"; it takes nobias, noflatten, an activation'


def test_a_whole_box():
    with pytest.raises(NetworkError) as caught:
        make("%%network lenet\ninput 1x28x28\nconv 32 3x3 padd 1", place="Cell In[3]")
    assert caught.value.box() == (
        "Cell In[3], line 3\n"
        "    conv 32 3x3 padd 1\n"
        "                ^^^^\n"
        'NetworkError: conv does not know the word "padd"; did you mean "pad"?'
    )
    assert str(caught.value) == 'conv does not know the word "padd"; did you mean "pad"? (Cell In[3], line 3)'


def test_a_tree_of_other_parts_is_refused():
    program = parse("relu")
    with pytest.raises(TypeError, match="int is not a value of the language"):
        value_text(3)
    with pytest.raises(TypeError, match="int is not a value of the language"):
        Values(program.source, {}, {}).evaluate(3)
    with pytest.raises(ValueError, match="net has no parameters and is a network, not a reusable block"):
        Template(program, {})

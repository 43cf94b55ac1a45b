"""A Mermaid flowchart as the text of a network: what is read, and where each mistake points."""

from __future__ import annotations

import pytest

from dlcore.kernel_ext.graph import flowchart
from dlcore.kernel_ext.language import NetworkError, make
from dlcore.kernel_ext.outline import outline

HEAD = "%%network net\nflowchart TB\n"
CHAIN = "input 1x8x8\nconv 4 3x3 relu\nflatten\ndense 3"


def lines(text, names=None):
    return make(text, names).to_source().splitlines()[1:]


@pytest.mark.parametrize(
    "text",
    [
        "a([input 1x8x8]) --> b[conv 4 3x3 relu] --> c[flatten] --> d[dense 3]",
        "a[input 1x8x8]\nb(conv 4 3x3 relu)\nc[[flatten]]\nd{dense 3}\na-->b;\nb ==> c\nc -.-> d;",
        'a["input 1x8x8"] -->|1x8x8| b["conv 4 3x3 relu<br/>40 parameters"]\n'
        'b -- 4x6x6 --> c[flatten] -->|"144"| d[dense 3]',
        "subgraph body [the body]\n  direction TB\n  b[conv 4 3x3 relu]\nend\n%% a remark\nclassDef x fill:#fff\n"
        "a[input 1x8x8]:::x --> b --> flatten --> d[dense 3] -->|3| e([output])",
    ],
)
def test_a_chain_in_several_spellings(text):
    assert lines(HEAD + text) == CHAIN.splitlines()


@pytest.mark.parametrize("head", ["graph LR", "flowchart", "---\ntitle: net\n---\n%%{init: {'x': 1}}%%\nflowchart TD"])
def test_the_head_in_several_spellings(head):
    assert lines(f"{head}\na[input 4] --> b[dense 2]") == ["input 4", "dense 2"]


def test_branches_get_names_where_they_need_them():
    text = HEAD + "a([input 1x8x8]) --> b[conv 4 3x3 pad 1] & c[conv 4 1x1]\nb & c --> d[concat] --> e[globalpool]"
    assert lines(text) == [
        "a = input 1x8x8", "b = conv 4 3x3 pad 1", "c = conv 4 1x1 from a", "concat b c", "globalpool"
    ]  # fmt: skip
    assert make(text).shapes[-1] == (8, 1, 1)


def test_what_is_drawn_can_be_read_back():
    names = {"block": make("%%network block(n)\nx = identity\nconv n 3x3 pad 1 relu\nadd x relu")}
    net = make(
        "%%network net\ninput 4x8x8\nx = conv 4 3x3 pad 1 relu\nconv 4 3x3 pad 1\nadd x relu\n"
        "repeat 2:\n    conv 4 1x1\n    batchnorm relu\nmaxpool 2\nflatten\ndense 10", names,
    )  # fmt: skip
    again = make(flowchart(outline(net, "net")))
    assert again.shapes[-1] == (10,) and len(again.plan.steps) == len(net.plan.steps)
    counts = [sum(p.data().size for p in n.collect_params().values()) for n in (net, again)]
    assert counts[0] == counts[1]
    assert flowchart(outline(again, "net")).count("-->") == flowchart(outline(net, "net")).count("-->")


def test_networks_of_the_notebook_are_used():
    names = {"inner": make("%%network inner\ninput 4\ndense 3"), "n": 2}
    assert lines(HEAD + "a[input 4] --> b[use inner] --> c[dense {n}]", names) == ["input 4", "use inner", "dense {n}"]


@pytest.mark.parametrize(
    ("text", "line", "caret", "said"),
    [
        ("a[input 1x8x8] --> b[conv 8 3x3] -->|8x8x8| c[dense 1]", 3, "8x8x8",
         "this arrow says 8x8x8, but conv 8 3x3 makes 8x6x6; write 8x6x6, or leave the shape out"),
        ("a[input 1x8x8]\na -- 1x8x9 --> b[flatten]", 4, "1x8x9", "input 1x8x8 makes 1x8x8"),
        ("a[input 4] -->|4xx4| b[dense 2]", 3, "4xx4", "is no shape"),
        ("a[input 4] --> b[densee 2]", 3, "densee", 'did you mean "dense"'),
        ("a[input 4] --> b[dense]", 3, "", "dense needs its units"),
        ("a[input 4] --> b", 3, "b", "write the layer into the box: b[conv 8 3x3]"),
        ("a[input 4] --- b[dense 2]", 3, "---", "an arrow needs one head"),
        ("a[input 4] => b[dense 2]", 3, "=>", "expected an arrow such as -->"),
        ("a[input 4] --> b[dense 2", 3, "[dense 2", "no closing ]"),
        ("a[input 4] -->", 3, "", "expected a box"),
        ("a[input 1x8x8] --> b[conv 4 3x3]\na & b --> c[concat]", 4, "-->", "needs shapes that agree"),
        ("a[input 4] --> b[dense 2]\na & b --> c[dense 2]", 4, "-->", "takes one value, but 2 arrows lead to it"),
        ("a[input 4] --> b[add]", 3, "add", "needs two arrows"),
        ("a[input 4] --> b[add] --> c[dense 4]\nc --> b", 4, "-->", "closes a circle"),
        ("a[input 4]\nb[dense 2] --> c[dense 1]", 4, "dense 2", "nothing flows into dense"),
        ("a[input 4] --> b[dense 2]\na --> c[dense 2]", 3, "dense", "nothing uses what this line makes"),
        ("c[input 4] --> b[dense 2]\nb --> a[input 4]", 4, "-->", "an input comes from nowhere"),
        ("a[input 4] --> b[dense 2]\nb[dense 3] --> c[relu]", 4, "dense 3", "says something else already on line 3"),
        ("a[input 4] --> b[repeat 3:]", 3, "repeat 3:", "a repeat cannot be drawn"),
        ('subgraph g ["repeat1, 20 times"]\nb[dense 4]\nend\na[input 4] --> b', 3, "repeat1, 20 times",
         "several turns"),
        ("subgraph g\nb[dense 4]\nend\na[input 4] --> g", 6, "-->", "g is a frame"),
        ("a[input 4] --> b[ ]", 3, "", "this box is empty"),
        ("a[output]", 1, "%%network net", "net has no layers"),
    ],
)  # fmt: skip
def test_mistakes_point_into_the_chart(text, line, caret, said):
    with pytest.raises(NetworkError) as found:
        make(HEAD + text)
    error = found.value
    assert said in error.message and error.lineno == line
    assert error.caret == caret
    assert (HEAD + text).splitlines()[line - 1] in error.box()


def test_a_chart_takes_no_parameters():
    with pytest.raises(NetworkError, match="a reusable block is written in lines, not as a flowchart") as found:
        make(HEAD.replace("net\n", "net(n)\n") + "a[input 4] --> b[dense 2]")
    assert found.value.lineno == 1

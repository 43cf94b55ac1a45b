"""``%graph`` and ``%summary`` in a real shell: what they display, for networks of either kind."""

from __future__ import annotations

import builtins
import re

import numpy as np
import pytest
from IPython.utils.capture import capture_output

import dlcore as dl
from dlcore.gluon import HybridBlock, nn
from dlcore.graph.passes import PIPELINE
from dlcore.kernel_ext.errors import CleanError
from dlcore.kernel_ext.folding import MOST_ITEMS
from dlcore.kernel_ext.graph import LAYOUT, MIME
from dlcore.kernel_ext.language import make
from dlcore.kernel_ext.traced import stage_names

LENET = """input 1x28x28
conv 32 3x3 pad 1 relu
conv 64 3x3 pad 1 relu
maxpool 2
flatten
dense 128 relu
dense 10
"""


def displayed(shell, line):
    """What a line magic displays and prints: (data of the first display, text)."""
    with capture_output() as captured:
        shell.run_line_magic(*line.lstrip("%").split(" ", 1))
    return (captured.outputs[0].data if captured.outputs else None), captured.stdout


def nodes_of(script):
    """The boxes of a flowchart: {id: text}."""
    return dict(re.findall(r'^\t+(n\d+)[\[(]+"(.*)"[\])]+$', script, re.MULTILINE))


def arrows_of(script):
    return re.findall(r'^\t(\w+) -->(?:\|"([^"]*)"\|)? (\w+)$', script, re.MULTILINE)


@pytest.fixture
def names(shell):
    """The shell's namespace with a few networks."""
    shell.user_ns["lenet"] = make(LENET, name="lenet")
    shell.user_ns["block"] = make(
        "%%network block(c)\nx = identity\nconv c 3x3 pad 1 relu\nconv c 3x3 pad 1\nadd x relu"
    )
    return shell.user_ns


def test_the_flowchart_of_a_network(shell, names):
    data, printed = displayed(shell, "%graph lenet")
    assert printed == ""
    assert set(data) == {MIME, "text/plain"}
    assert data[MIME] == data["text/plain"]
    assert data[MIME] == (
        f"---\ntitle: lenet\n---\n{LAYOUT}\nflowchart TB\n"
        '\tn0(["input 1x28x28"])\n'
        '\tn1["conv 32 3x3 pad 1 relu<br/>320 parameters"]\n'
        '\tn2["conv 64 3x3 pad 1 relu<br/>18,496 parameters"]\n'
        '\tn3["maxpool 2"]\n'
        '\tn4["flatten"]\n'
        '\tn5["dense 128 relu<br/>1,605,760 parameters"]\n'
        '\tn6["dense 10<br/>1,290 parameters"]\n'
        '\tout(["output"])\n'
        '\tn0 -->|"1x28x28"| n1\n'
        '\tn1 -->|"32x28x28"| n2\n'
        '\tn2 -->|"64x28x28"| n3\n'
        '\tn3 -->|"64x14x14"| n4\n'
        '\tn4 -->|"12544"| n5\n'
        '\tn5 -->|"128"| n6\n'
        '\tn6 -->|"10"| out\n'
    )


def test_branches_and_nested_networks_are_wired(shell, names):
    names["net"] = make("input 3x8x8\nconv 4 1x1\nuse block(4)\nglobalpool", names)
    script = displayed(shell, "%graph net")[0][MIME]
    assert 'subgraph g1 ["block1"]' in script
    assert list(nodes_of(script).values()) == [
        "input 3x8x8",
        "conv 4 1x1<br/>16 parameters",
        "conv 4 3x3 pad 1 relu<br/>148 parameters",
        "conv 4 3x3 pad 1<br/>148 parameters",
        "add x relu",
        "globalpool",
    ]
    assert "direction" not in script  # Mermaid would end the arrows at the frame
    assert arrows_of(script) == [
        ("n0", "3x8x8", "n1"),
        ("n1", "4x8x8", "n2"),
        ("n2", "4x8x8", "n3"),
        ("n3", "4x8x8", "n4"),
        ("n1", "4x8x8", "n4"),
        ("n4", "4x8x8", "n5"),
        ("n5", "4x1x1", "out"),
    ]


def test_a_long_network_is_folded(shell, names):
    names["deep"] = make("input 3x8x8\nconv 4 1x1\nrepeat 50:\n    use block(4)\nglobalpool", names)
    script = displayed(shell, "%graph deep")[0][MIME]
    assert len(nodes_of(script)) == 6
    assert script.count("subgraph") == 1
    assert '["repeat1, 50 times: block1"]' in script
    assert script.count("50 x 148 parameters") == 2


def test_many_nested_networks_become_boxes(shell, names):
    lines = [f"use block({c})" for c in (4,) * 3] + ["conv 5 1x1", "use block(5)"] * 1
    text = "input 4x8x8\n" + "\n".join(lines + [f"conv {c} 1x1\nuse block({c})" for c in range(6, 18)])
    names["wide"] = make(text, names)
    script = displayed(shell, "%graph wide")[0][MIME]
    assert len(nodes_of(script)) <= MOST_ITEMS
    assert '[["block1<br/>' in script


def test_a_sequential_shows_its_layers_without_shapes(shell, names):
    net = nn.HybridSequential()
    net.add(nn.Conv2D(8, 3, in_channels=1), nn.Flatten(), nn.Dense(10))
    names["plain"] = net
    data, printed = displayed(shell, "%graph plain")
    assert len(nodes_of(data[MIME])) == 3
    assert [arrow[1] for arrow in arrows_of(data[MIME])] == ["", "", ""]
    assert "80 parameters" in data[MIME] and "parameters after the first batch" in data[MIME]
    assert printed == (
        "The shapes are not known. Name the shape of one sample to see them: %graph plain --input 1x28x28\n"
    )


def test_a_network_is_drawn_with_the_shapes_it_was_trained_on(shell, names):
    names["net"] = net = nn.HybridSequential(nn.Embedding(7, 5), nn.Dense(7, flatten=False))
    with pytest.raises(CleanError, match="the shape of one sample is not known"):
        shell.run_line_magic("graph", "net --stage fuse")
    words = np.arange(24).reshape(4, 6) % 7
    dl.run.train(net, (words, words), batch=4, show=False)
    data, printed = displayed(shell, "%graph net")
    assert [arrow[1] for arrow in arrows_of(data[MIME])] == ["6", "6x5", "6x7"] and printed == ""
    assert "6x7" in displayed(shell, "%summary net")[0]["text/plain"]
    assert len(nodes_of(displayed(shell, "%graph net --stage fuse")[0][MIME])) >= 2


class Residual(HybridBlock):
    """A plain Gluon block with a branch that only tracing can see."""

    def __init__(self):
        super().__init__()
        self.left = nn.Dense(8, in_units=8, activation="relu")
        self.right = nn.Dense(8, in_units=8)
        self.head = nn.HybridSequential()
        self.head.add(nn.Dropout(0.5), nn.Dense(3, in_units=8))

    def forward(self, x):
        return self.head(self.left(x) + self.right(x))


def test_any_block_is_traced_when_its_input_is_named(shell, names):
    names["residual"] = Residual()
    data, printed = displayed(shell, "%graph residual --input 8")
    assert printed == ""
    texts = nodes_of(data[MIME])
    assert [text.split("<br/>")[0].split(":")[0] for text in texts.values()] == [
        "input", "left", "right", "add", "0", "1"
    ]  # fmt: skip
    assert [text.partition("<br/>")[2] for text in texts.values()] == [
        "", "72 parameters", "72 parameters", "", "", "27 parameters"
    ]  # fmt: skip
    assert arrows_of(data[MIME]) == [
        ("n0", "8", "n1"),
        ("n0", "8", "n2"),
        ("n1", "8", "n3"),
        ("n2", "8", "n3"),
        ("n3", "8", "n4"),
        ("n4", "8", "n5"),
        ("n5", "3", "out"),
    ]
    assert 'subgraph g1 ["head"]' in data[MIME]


def test_without_an_input_a_block_of_unknown_wiring_has_no_arrows(shell, names):
    names["residual"] = Residual()
    data, printed = displayed(shell, "%graph residual")
    assert len(nodes_of(data[MIME])) == 4 and arrows_of(data[MIME]) == []
    assert printed.startswith("The shapes and the arrows between the layers are not known. ")


def test_tracing_changes_no_running_statistics(shell, names):
    net = nn.HybridSequential()
    net.add(nn.Dense(4, in_units=4), nn.BatchNorm(in_channels=4))
    net.initialize()
    before = {path: p.data().asnumpy() for path, p in net.collect_params().items()}
    names["normed"] = net
    displayed(shell, "%graph normed --input 4")
    for path, parameter in net.collect_params().items():
        assert (parameter.data().asnumpy() == before[path]).all(), path


def test_a_stage_of_the_compiler(shell, names):
    data, _ = displayed(shell, "%graph lenet --stage trace")
    assert "conv2d" in data[MIME] and "lenet.conv1" in data[MIME]
    assert data["text/plain"].startswith("graph lenet")
    fused, _ = displayed(shell, "%graph lenet --stage fuse")
    assert displayed(shell, "%graph lenet --stage fused")[0] == fused
    assert "fused" not in data[MIME]
    assert '["_conv2d_act<br/>lenet.conv1"]' in fused[MIME] and "relu" not in fused[MIME].partition("lenet.dense1")[0]


def test_every_stage_can_be_drawn(shell, names):
    names["small"] = make("input 4\ndense 8 relu\ndense 3\nsoftmax")
    stages = stage_names()
    assert {"trace", "autodiff", "remat", *(rewrite.__name__ for rewrite in PIPELINE)} == set(stages)
    for stage in stages:
        data, _ = displayed(shell, f"%graph small --stage {stage}")
        assert f"title: small after {stage}" in data[MIME] and nodes_of(data[MIME]), stage


def test_stages_of_gradients_show_what_is_kept_and_what_is_made_again(shell, names):
    names["deep"] = make("input 4x8x8\n" + "conv 4 3x3 pad 1\nbatchnorm\nrelu\n" * 6 + "globalpool\nflatten\ndense 2")
    joint = displayed(shell, "%graph deep --stage autodiff")[0]
    again = displayed(shell, "%graph deep --stage remat")[0]
    calls = [data["text/plain"].count(" = conv2d(") for data in (joint, again)]
    assert calls[0] == 6 < calls[1] <= 12 and "gradient of output 0" in joint["text/plain"]
    title = re.search(
        r"deep after remat: (\d+) calls made again, ([\d,]+) bytes alive at most instead of ([\d,]+)", again[MIME]
    )
    more, less, whole = (int(number.replace(",", "")) for number in title.groups())
    assert more > 0 and less < whole
    names["deep"].hybridize(memory_budget=whole)
    assert ": 0 calls made again" in displayed(shell, "%graph deep --stage remat")[0][MIME]


def test_a_stage_shows_rows_reduced_inside_a_group(shell, names):
    class Scaled(HybridBlock):
        def forward(self, x):
            return x * dl.nd.rsqrt(dl.nd.mean(x * x, axis=-1, keepdims=True) + 1e-5)

    names["scaled"] = Scaled()
    before = displayed(shell, "%graph scaled --stage fuse --input 8")[0]
    assert '"mean' in before[MIME]
    after = displayed(shell, "%graph scaled --stage fuse_rows --input 8")[0]
    assert "fused: multiply+mean+add+rsqrt+multiply" in after[MIME] and '"mean' not in after[MIME]
    assert "over 1 axes" in after["text/plain"]


def test_a_stage_shows_columns_reduced_inside_a_group(shell, names):
    class Squares(HybridBlock):
        def forward(self, x):
            return dl.nd.mean(x * x, axis=(0, 1))

    names["squares"] = Squares()
    before = displayed(shell, "%graph squares --stage fuse_rows --input 6x8")[0]
    assert '"mean' in before[MIME]
    after = displayed(shell, "%graph squares --stage fuse_columns --input 6x8")[0]
    assert "fused: multiply+mean" in after[MIME] and "column_sum" in after["text/plain"]


def test_a_stage_shows_the_shape_of_the_output_that_is_taken(shell, names):
    names["normed"] = make("input 3x2x2\nbatchnorm")
    script = displayed(shell, "%graph normed --stage trace")[0][MIME]
    taken = {shape for source, shape, target in arrows_of(script)}
    assert {"1x3x2x2", "3"} <= taken


def test_stages_of_prediction_show_a_prediction(shell, names):
    names["normed"] = make("input 8x4x4\nconv 8 3x3\nbatchnorm\nrelu")
    text = displayed(shell, "%graph normed --stage fold_norm")[0]["text/plain"]
    assert "batch_norm" not in text and " = conv2d(" in text and " = rsqrt(" in text
    kept = displayed(shell, "%graph normed --stage hoist")[0]["text/plain"]
    program, _, rest = kept.partition("kept: graph")
    assert " = _conv2d_act(" in program and " = rsqrt(" not in program and " = rsqrt(" in rest


def test_a_stage_shows_loops_and_branches_with_what_is_inside(shell, names):
    class Recurrent(HybridBlock):
        def forward(self, x):
            _, s = dl.foreach(lambda row, s: (None, dl.nd.tanh(row + s)), x, x[0])
            return dl.cond(s.sum() > 0, lambda: s * 2, lambda: dl.nd.sin(s))

    names["again"] = Recurrent()
    data, _ = displayed(shell, "%graph again --input 4 --stage trace")
    assert "loop of 1 steps" in data[MIME] and "add, tanh" in data[MIME] and "branch: multiply, sin" in data[MIME]
    assert "step: graph foreach" in data["text/plain"] and "if false: graph cond" in data["text/plain"]
    fused = displayed(shell, "%graph again --input 4 --stage fused")[0]
    assert "add+tanh" in fused[MIME] and "fused" in fused["text/plain"].partition("if false")[2]


def test_a_label_cannot_break_the_diagram(shell, names):
    class Odd(HybridBlock):
        def __repr__(self):
            return 'Odd("<b>#1`")'

        def forward(self, x):
            return x

    names["odd"] = Odd()
    script = displayed(shell, "%graph odd")[0][MIME]
    assert 'n0["Odd(#quot;#lt;b#gt;#35;1#96;#quot;)"]' in script


def test_no_diagram_asks_the_network(shell, names, monkeypatch):
    import socket

    def refuse(*args, **keywords):
        raise AssertionError("a connection was opened")

    monkeypatch.setattr(socket, "socket", refuse)
    monkeypatch.setattr(socket, "create_connection", refuse)
    assert displayed(shell, "%graph lenet")[0] is not None


def test_without_mermaid_there_is_one_clear_line(shell, names, monkeypatch):
    real = builtins.__import__

    def without(name, *args, **keywords):
        if name.split(".")[0] == "mermaid":
            raise ImportError(name)
        return real(name, *args, **keywords)

    monkeypatch.setattr(builtins, "__import__", without)
    with pytest.raises(CleanError, match="pip install mermaid-py"):
        displayed(shell, "%graph lenet")


@pytest.mark.parametrize("magic", ["graph", "summary"])
@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("lenat", 'there is no network named lenat; did you mean "lenet"?'),
        ("zzz", "there is no network named zzz; the networks are block, lenet"),
        ("number", "number is not a network but a value of type int; the networks are block, lenet"),
        ("block", "block is a reusable block; make a network of it first: net = block(c)"),
        ("lenet.conv9", "lenet.conv9 fails: AttributeError: Network lenet has no layer conv9"),
        ("lenet --input 3xx", '"3xx" is not a shape; write it without the batch, like 1x28x28'),
    ],
)
def test_a_wrong_name_is_one_clear_line(shell, names, capsys, magic, name, message):
    shell.user_ns["number"] = 3
    result = shell.run_cell(f"%{magic} {name}")
    assert isinstance(result.error_in_exec, CleanError)
    assert capsys.readouterr().out == f"Error: {message}\n"


def test_an_unknown_stage_names_the_nearest(shell, names):
    with pytest.raises(CleanError, match='there is no stage "fuze"; did you mean "fuse"'):
        displayed(shell, "%graph lenet --stage fuze")


def test_a_layer_of_a_network_can_be_drawn(shell, names):
    assert "1,605,760 parameters" in displayed(shell, "%graph lenet.dense1")[0][MIME]


# --- %summary


def test_the_table_of_a_network(shell, names):
    data, _ = displayed(shell, "%summary lenet")
    assert data["text/plain"] == (
        "lenet\n"
        "name      layer                   output shape  parameters\n"
        "----------------------------------------------------------\n"
        "input     input 1x28x28           1x28x28                 \n"
        "conv1     conv 32 3x3 pad 1 relu  32x28x28             320\n"
        "conv2     conv 64 3x3 pad 1 relu  64x28x28          18,496\n"
        "maxpool1  maxpool 2               64x14x14                \n"
        "flatten1  flatten                 12544                   \n"
        "dense1    dense 128 relu          128            1,605,760\n"
        "dense2    dense 10                10                 1,290\n"
        "----------------------------------------------------------\n"
        "parameters: 1,625,866\n"
        "memory: 6.2 MiB"
    )
    cells = re.findall(r"<td[^>]*>([^<]*)</td>", data["text/html"])
    assert cells[4:8] == ["conv1", "conv 32 3x3 pad 1 relu", "32x28x28", "320"]
    assert "parameters: 1,625,866<br>memory: 6.2 MiB" in data["text/html"]


def test_the_table_counts_shared_and_fixed_parameters_once(shell, names):
    shared = nn.Dense(4, in_units=4)
    shared.initialize()
    names["shared"] = shared
    names["net"] = make("input 4\nuse shared\nuse shared\nbatchnorm", names)
    text = displayed(shell, "%summary net")[0]["text/plain"]
    assert "parameters: 36, of which 8 do not learn" in text  # 4*4 + 4, and four vectors of 4


def test_the_table_of_a_block_without_shapes(shell, names):
    net = nn.HybridSequential()
    net.add(nn.Dense(4), nn.Dense(2, in_units=4))
    names["plain"] = net
    text = displayed(shell, "%summary plain")[0]["text/plain"]
    assert "not all are known before the first batch" in text
    text = displayed(shell, "%summary plain --input 3")[0]["text/plain"]
    assert "parameters: 26" in text
    rows = [line.split() for line in text.splitlines()[3:6]]
    assert [row[0] for row in rows] == ["input", "0", "1"]
    assert [row[-2:] for row in rows[1:]] == [["4", "16"], ["2", "10"]]


def test_nested_networks_are_indented(shell, names):
    names["net"] = make("input 3x8x8\nconv 4 1x1\nrepeat 2:\n    use block(4)\nglobalpool", names)
    lines = displayed(shell, "%summary net")[0]["text/plain"].splitlines()[3:]
    assert [line[:10].rstrip() for line in lines[2:9]] == [
        "repeat1", "  block1", "    conv1", "    conv2", "    add1", "repeat1", "  block1"
    ]  # fmt: skip
    assert "turn 2 of 2" in lines[7]


@pytest.mark.parametrize("magic", ["graph", "summary", "parallel"])
def test_a_quotation_that_does_not_end_is_told(shell, magic):
    with pytest.raises(CleanError, match=f'%{magic}: no closing quotation in: net "a'):
        shell.run_line_magic(magic, 'net "a')

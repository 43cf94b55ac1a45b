"""Tables and flowcharts of symbols: counts against the shapes, an arrow for every input."""

from __future__ import annotations

import re

import pytest

from dlcore import sym, viz


def lenet() -> sym.Symbol:
    x = sym.Convolution(sym.var("data"), kernel=(3, 3), num_filter=4, name="conv")
    x = sym.BatchNorm(x, name="bn")
    x = sym.Pooling(sym.Activation(x, act_type="relu", name="act"), kernel=(2, 2), stride=(2, 2), name="pool")
    return sym.SoftmaxOutput(sym.FullyConnected(x, num_hidden=3, name="fc"), name="softmax")


def test_the_summary_counts_every_parameter(capsys: pytest.CaptureFixture[str]) -> None:
    viz.print_summary(lenet(), {"data": (2, 1, 8, 8), "softmax_label": (2,)})
    said = capsys.readouterr().out
    counts = {"conv (Convolution)": 4 * 9 + 4, "bn (BatchNorm)": 4 * 4, "fc (FullyConnected)": 3 * 36 + 3}
    for name, count in counts.items():
        assert re.search(rf"^{re.escape(name)} +\(.*\) +{count}  ", said, re.M), said
    assert said.endswith(f"Total parameters: {sum(counts.values())}\n")
    assert re.search(r"^pool \(Pooling\) +\(2, 4, 3, 3\) +0  act$", said, re.M)
    viz.print_summary(lenet())
    assert capsys.readouterr().out.endswith("Total parameters: not known without shapes\n")
    with pytest.raises(ValueError, match="no argument is called dat"):
        viz.print_summary(lenet(), {"dat": (2, 1, 8, 8)})


def test_the_flowchart_has_every_arrow() -> None:
    chart = viz.plot_network(lenet(), shape={"data": (2, 1, 8, 8), "softmax_label": (2,)})
    boxes = dict(re.findall(r'^(n\d+)\(?\["([^<"]+)', chart.source, re.M))
    arrows = {(boxes[a], size, boxes[b]) for a, size, b in re.findall(r'(n\d+) -->\|"([^"]+)"\| (n\d+)', chart.source)}
    assert arrows == {
        ("data", "2x1x8x8", "conv"), ("conv", "2x4x6x6", "bn"), ("bn", "2x4x6x6", "act"), ("act", "2x4x6x6", "pool"),
        ("pool", "2x4x3x3", "fc"), ("fc", "2x3", "softmax"), ("softmax_label", "2", "softmax"),
    }  # fmt: skip
    assert "kernel 3x3" in chart.source and "conv_weight" not in chart.source
    assert chart._repr_mimebundle_()["text/vnd.mermaid"] == str(chart)
    whole = viz.plot_network(lenet(), hide_weights=False).source
    assert "conv_weight" in whole and "bn_moving_var" in whole and "|" not in whole
    assert "#lt;x#gt;" in viz.plot_network(sym.relu(sym.var("<x>"))).source

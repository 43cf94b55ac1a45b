"""%explore in a terminal: text, errors with the nearest right word, completion."""

import numpy as np
import pytest

import dlcore as dl
from dlcore.kernel_ext.errors import CleanError
from dlcore.kernel_ext.options import complete

pytest.importorskip("anywidget")


@pytest.fixture
def ip(shell):
    net = dl.gluon.nn.HybridSequential()
    net.add(dl.gluon.nn.Dense(4, activation="relu"), dl.gluon.nn.Dense(2))
    net.initialize()
    shell.user_ns.update(net=net, samples=np.ones((8, 3), "float32"), labels=np.zeros(8, "int32"))
    return shell


def test_the_graph_and_one_layer_as_text(ip, capsys):
    ip.run_line_magic("explore", "net --data samples,labels")
    assert "0: Dense(3 -> 4, relu) -> 4, 16 parameters" in capsys.readouterr().out
    look = str(ip.run_line_magic("explore", "net --data samples,labels --layer 1"))
    assert "weight: 2x4 float32" in look and "gradient bias: 2 float32" in look


@pytest.mark.parametrize(
    "line, said",
    [
        ("nett", 'there is no network named nett; did you mean "net"?'),
        ("net --dta samples", 'there is no option --dta; did you mean "--data"?'),
        ("net --data sample", 'did you mean "samples"?'),
        ("net --input 3xx", '"3xx" is not a shape'),
        ("net --layer 7", "there is no layer 7; the layers are 0, 1"),
        ("", "nothing is named"),
    ],
)
def test_a_wrong_word_is_answered_with_the_right_one(ip, line, said):
    with pytest.raises(CleanError) as caught:
        ip.find_line_magic("explore")(line)
    assert said in str(caught.value)


def test_words_complete(ip):
    assert complete("%explore n", ip.user_ns) == ("n", ["net"])
    assert "samples" in complete("%explore net --data s", ip.user_ns)[1]
    assert complete("%explore net --la", ip.user_ns) == ("--la", ["--layer"])
    assert complete("explore = 3", ip.user_ns) == ("", [])

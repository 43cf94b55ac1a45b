"""The magics that look: %lr_find, %show_batch, %interpret, %devices, %memory, %profile, %dlcore, in a plain shell."""

import json

import numpy as np
import pytest
from IPython.core.formatters import DisplayFormatter

import dlcore as dl
from dlcore.kernel_ext import MAGICS
from dlcore.kernel_ext.errors import CleanError
from dlcore.kernel_ext.profile import Span
from dlcore.kernel_ext.timeline import MOST, depths, timeline


@pytest.fixture
def ip(shell, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    rng = np.random.default_rng(0)
    x = rng.normal(size=(96, 1, 6, 6)).astype("float32")
    net = dl.gluon.nn.HybridSequential()
    net.add(dl.gluon.nn.Conv2D(4, 3, activation="relu"), dl.gluon.nn.Dense(2))
    net.initialize()
    net(dl.np.array(x[:1]))
    shell.user_ns.update(net=net, x=x, y=(x.sum((1, 2, 3)) > 0).astype("int32"), dl=dl)
    assert isinstance(shell.display_formatter, DisplayFormatter)
    return shell


def drawn(ip, value):
    """The PNG that a notebook shows of a value, and its text."""
    data, _ = ip.display_formatter.format(value)
    return data.get("image/png", b""), data["text/plain"]


def test_lr_find_suggests_and_draws(ip):
    before = ip.user_ns["net"][0].weight.data().asnumpy()
    found = ip.run_line_magic("lr_find", "net --data x,y --batch 16 --steps 40 --optimizer adam")
    assert 1e-6 < found.suggestion < 10
    picture, text = drawn(ip, found)
    assert picture[:4] == b"\x89PNG" and "suggestion" in text
    np.testing.assert_array_equal(ip.user_ns["net"][0].weight.data().asnumpy(), before)


def test_a_batch_is_shown_with_its_labels(ip):
    found = ip.run_line_magic("show_batch", "x,y --count 5")
    np.testing.assert_array_equal(found.samples, ip.user_ns["x"][:5])
    assert found.titles == [str(label) for label in ip.user_ns["y"][:5]]
    picture, text = drawn(ip, found)
    assert picture[:4] == b"\x89PNG" and "5 samples of x,y: 1x6x6 float32" in text


@pytest.mark.parametrize("what", ["results", "worst", "saliency", "gradients", "grad_cam", "embedding"])
def test_results_and_reasons_are_drawn(ip, what):
    found = ip.run_line_magic("interpret", f"net --data x,y --show {what}")
    assert drawn(ip, found)[0][:4] == b"\x89PNG"


def test_memory_names_variables_and_cells(ip):
    ip.run_cell("big = dl.np.zeros((256, 1024))\nview = big[:2]", store_history=True)
    ip.run_cell("held = {'a': [dl.np.zeros((1000,))]}", store_history=True)
    table = ip.run_line_magic("memory", "")
    rows = {row[0]: row for row in table.rows}
    assert table.rows[0][0] == "big" and rows["big"][4] == "1.0 MiB" and rows["big"][2] == "[1]"
    assert rows["held"][2:] == ("[2]", "1", "3.9 KiB")
    parameters = 4 * 9 + 4 + 2 * 64 + 2
    assert rows["net"][4] == f"{2 * 4 * parameters / 1024:.1f} KiB"  # values and gradients
    assert "allocated" in repr(table) and "<table>" in table._repr_html_()


def test_profile_times_layers_and_writes_a_trace(ip, tmp_path):
    table = ip.run_cell_magic("profile", "--trace t.json", "for _ in range(3):\n    out = net(dl.np.array(x))\n")
    calls = {row[0]: row[2] for row in table.rows}
    assert calls == {"net": "3", "net.0": "3", "net.1": "3", "the cell": "1"}
    events = json.loads((tmp_path / "t.json").read_text())["traceEvents"]
    outer = [e for e in events if e["name"] == "net"]
    inner = [e for e in events if e["name"] == "net.0"]
    for a, b in zip(outer, inner, strict=True):
        assert a["ts"] <= b["ts"] and b["ts"] + b["dur"] <= a["ts"] + a["dur"] + 1
    assert not ip.user_ns["net"]._hooks and ip.user_ns["out"].shape == (96, 2)
    assert (
        len(ip.run_line_magic("profile", "net(dl.np.array(x))").rows) == 4 and (tmp_path / "dlcore_trace.json").exists()
    )


def test_profile_draws_when_each_call_ran(ip):
    page = ip.run_line_magic("profile", "net(dl.np.array(x))")._repr_html_()
    assert page.count("<rect") == 4 and "<svg" in page and "net.0 (" in page
    calls = [
        Span("a", "x", 0.0, 10.0, thread=1), Span("b", "x", 1.0, 2.0, thread=1), Span("c", "x", 1.5, 1.0, thread=1),
        Span("d", "x", 4.0, 1.0, thread=1), Span("e", "<y>", 2.0, 3.0, thread=2), Span("f", "x", 11.0, 1.0, thread=1),
    ]  # fmt: skip
    assert depths(calls) == [0, 1, 2, 1, 3, 0]
    drawn = timeline(calls)
    assert "&lt;y&gt;" in drawn and "<y>" not in drawn and "12.00 s" in drawn and "<script" not in drawn
    assert timeline([]) == ""
    many = [Span(f"n{k}", "x", float(k), 0.5, thread=1) for k in range(MOST + 7)]
    assert timeline(many).count("<rect") == MOST and "7 shorter calls" in timeline(many)


def test_devices_lists_the_processor(ip):
    table = ip.run_line_magic("devices", "")
    assert table.rows[0][0] == "cpu(0)" and "threads" in table.rows[0][1]
    assert len(table.rows) == 1 + dl.num_gpus()


def test_every_magic_is_listed_and_has_help(ip):
    listed = [row[0].lstrip("%") for row in ip.run_line_magic("dlcore", "").rows]
    own = {name for name in MAGICS if name != "dlcore_help"} | {"dlcore", "attach"}
    assert own <= set(listed)
    for name in ("explore", "lr_find", "show_batch", "interpret", "devices", "memory", "profile"):
        text = ip.find_line_magic(name).__doc__
        assert "Example: " in text and f"%{name}" in text and "Python: " in text, name


@pytest.mark.parametrize(
    "magic, line, said",
    [
        ("lr_find", "net", "--data is missing"),
        ("lr_find", "net --data x,y --stepss 5", 'did you mean "--steps"?'),
        ("lr_find", "net --data x,y --steps 5", "at least 10 steps"),
        ("interpret", "net --data x,y --show wurst", 'did you mean "worst"?'),
        ("interpret", "net --data x,y --show grad_cam --layer 8", "there is no layer '8'"),
        ("interpret", "net --data x,x", "class numbers as labels"),
        ("show_batch", "xx,y", 'did you mean "x"?'),
        ("memory", "net", "expected options only"),
        ("profile", "--trce t.json x", 'did you mean "--trace"?'),
        ("profile", "", "there is nothing to run"),
    ],
)
def test_a_wrong_word_gets_one_clear_line(ip, magic, line, said):
    with pytest.raises(CleanError) as caught:
        ip.find_line_magic(magic)(line)
    assert said in str(caught.value)


def test_unloading_takes_everything_back(ip):
    ip.run_line_magic("unload_ext", "dlcore")
    assert ip.find_line_magic("dlcore") is None and ip.find_line_magic("memory") is None
    assert not [m for m in ip.Completer.custom_matchers if getattr(m, "matcher_identifier", "") == "dlcore.options"]


def test_every_magic_shows_an_example_and_the_same_in_python(shell):
    from dlcore.kernel_ext.dlcore_help import EXAMPLES

    for magic, *_ in EXAMPLES:
        for question in (magic, "%network") if magic == "%%network" else (magic,):
            help_text = shell.object_inspect(question)["docstring"]
            assert "Example:" in help_text and "Python:" in help_text, question
            assert len(help_text.split("Example:")[0]) > 20, question


@pytest.mark.parametrize(
    "line",
    [
        "%graph lenat", "%summary lenat", "%explore lenat", "%diagram lenat", "%network lenat",
        "%lr_find lenat --data data", "%interpret lenat --data data", "%train lenat --data data",
        "%%train lenat --data data\nloss = 1",
    ],
)  # fmt: skip
def test_a_wrong_name_gets_the_nearest_one(shell, capsys, line):
    shell.run_cell("%%network lenet\ninput 4\ndense 3")
    shell.run_cell("import numpy as np; data = (np.zeros((8, 4), 'float32'), np.zeros(8, 'int32'))")
    capsys.readouterr()
    shell.run_cell(line)
    assert 'there is no network named lenat; did you mean "lenet"?' in capsys.readouterr().out


def test_a_wrong_name_of_data_or_of_a_layer_gets_the_nearest_one(shell, capsys):
    shell.run_cell("%%network lenet\ninput 4\ndense 3")
    shell.run_cell("import numpy as np; data = (np.zeros((8, 4), 'float32'), np.zeros(8, 'int32'))")
    for line, right in (
        ("%lr_find lenet --data dat", "data"), ("%train lenet --data dat", "data"), ("%show_batch dat", "data"),
        ("%explore lenet --layer dens1", "dense1"), ("%graph lenet --stage fus", "fuse"),
    ):  # fmt: skip
        capsys.readouterr()
        shell.run_cell(line)
        assert f'did you mean "{right}"?' in capsys.readouterr().out, line


def test_the_text_of_a_network_is_printed_again(shell, capsys):
    shell.run_cell("%network")
    assert "there is no network yet" in capsys.readouterr().out
    shell.run_cell("%%network lenet\ninput 4\ndense   3")
    shell.run_cell("%%network block(n)\ndense n")
    capsys.readouterr()
    shell.run_cell("%network")
    assert capsys.readouterr().out == "block, lenet\n"
    shell.run_cell("%network lenet")
    shell.run_cell("%network block")
    assert capsys.readouterr().out == "%%network lenet\ninput 4\ndense 3\n%%network block(n)\ndense n\n"

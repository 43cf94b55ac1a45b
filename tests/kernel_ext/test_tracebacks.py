"""Errors of a cell end at the user's own line."""

from __future__ import annotations

import sys

import pytest


def shown(shell, cell: str, capsys: pytest.CaptureFixture[str]) -> list[str]:
    """The lines that a cell which fails prints."""
    result = shell.run_cell(cell)
    assert not result.success
    return capsys.readouterr().out.rstrip().splitlines()


CELLS = {
    "a sign": ("a = np.ones((2, 3))\nb = np.ones((4, 5))\na + b  # here", "ValueError: add: shapes (2, 3) and (4, 5)"),
    "a function": ("np.matmul(np.ones((2, 3)), np.ones((4, 5)))  # here", "ValueError: matmul: expected"),
    "a method": ("np.ones((2, 3)).reshape(7)  # here", "ValueError: reshape: an array of shape (2, 3)"),
    "an index": ("np.ones((2, 3))[:, 9]  # here", "index 9 is out of range for axis 1 of size 3"),
    "a layer": (
        "net = dl.gluon.nn.Dense(3, in_units=7)\nnet.initialize()\nnet(np.ones((2, 4)))  # here",
        "ValueError: dense: expected 7 inputs",
    ),
    "backward": (
        "x = np.ones(2)\nx.attach_grad()\nwith dl.autograd.record():\n    y = np.exp(x)\n"
        "dl.autograd.backward(y, np.ones(3))  # here",
        "ValueError: backward: head gradient has shape (3,)",
    ),
}


@pytest.mark.parametrize("name", CELLS)
def test_the_last_line_shown_is_the_users(name: str, shell, capsys: pytest.CaptureFixture[str]) -> None:
    shell.run_cell("import dlcore as dl\nfrom dlcore import np")
    cell, message = CELLS[name]
    lines = shown(shell, cell, capsys)
    assert message in "\n".join(lines)
    marked = [line for line in lines if line.startswith("---->")]
    assert marked[-1].endswith("# here") and not any("dlcore/" in line and "File" in line for line in lines)


def test_lines_between_the_users_own_are_left_out_too(shell, capsys: pytest.CaptureFixture[str]) -> None:
    lines = shown(
        shell,
        "import dlcore as dl\nclass Net(dl.gluon.Block):\n    def forward(self, x):\n        return x @ x  # inside\n"
        "Net()(dl.np.ones((2, 3)))  # outside",
        capsys,
    )
    marked = [line for line in lines if line.startswith("---->")]
    assert marked[0].endswith("# outside") and marked[-1].endswith("# inside") and len(marked) == 2


def test_every_frame_is_there_on_demand(shell, capsys: pytest.CaptureFixture[str]) -> None:
    lines = shown(shell, "import dlcore as dl\ndl.np.matmul(dl.np.ones((2, 3)), dl.np.ones((4, 5)))", capsys)
    names = []
    trace = sys.last_traceback
    while trace is not None:
        names.append(trace.tb_frame.f_globals.get("__name__") or "")
        trace = trace.tb_next
    assert any(n.startswith("dlcore.") for n in names)
    shell.run_line_magic("tb", "")
    assert len(capsys.readouterr().out.splitlines()) > len(lines)


def test_other_errors_are_shown_as_ever(shell, capsys: pytest.CaptureFixture[str]) -> None:
    lines = shown(shell, "def f():\n    return 1 / 0\nf()", capsys)
    assert sum(line.startswith("---->") for line in lines) == 2 and lines[-1].startswith("ZeroDivisionError")
    assert "SyntaxError" in "\n".join(shown(shell, "1 +", capsys))


def test_somebody_elses_way_is_left_alone(shell) -> None:
    shell.run_line_magic("unload_ext", "dlcore")
    assert shell.custom_exceptions == ()

    def mine(*args, **kwargs):
        return None

    shell.set_custom_exc((KeyError,), mine)
    shell.run_line_magic("load_ext", "dlcore")
    assert shell.custom_exceptions == (KeyError,)

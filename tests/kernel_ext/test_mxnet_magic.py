"""%mxnet gives old import names their new meaning; %%mxnet says how to mend a cell that fails."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from typing import Any

import pytest

import dlcore
from dlcore import compat


@pytest.fixture(autouse=True)
def clean() -> Iterator[None]:
    compat.uninstall()
    yield
    compat.uninstall()


def test_the_line_installs_and_says_so_once(shell: Any, capsys: pytest.CaptureFixture[str]) -> None:
    shell.run_line_magic("mxnet", "")
    shell.run_line_magic("mxnet", "")
    assert capsys.readouterr().out.count("`import mxnet` now gives dlcore") == 1
    assert shell.run_cell("import mxnet as mx\nfrom mxnet.gluon import nn").success
    assert shell.user_ns["mx"].gluon is dlcore.gluon and shell.user_ns["nn"] is dlcore.gluon.nn
    shell.run_line_magic("mxnet", "off")
    assert "mxnet" not in sys.modules


def test_a_cell_of_old_code_runs(shell: Any) -> None:
    result = shell.run_cell("%%mxnet\nimport mxnet as mx\nx = mx.nd.ones((2, 3)).sum().asscalar()")
    assert result.success and shell.user_ns["x"] == 6


BROKEN = {
    "an error": ("from mxnet import gluon\nfrom mxnet.gluon import nn\nnn.SoftmaxCrossEntropyLoss()",
                 "line 3: losses are not in nn; instead: gluon.loss.SoftmaxCrossEntropyLoss()"),
    "no Python": ("x = 1\nx = autogradutamente Grad(x)", "line 2: 'autogradutamente Grad(...)' is no Python"),
    "a name of an earlier cell": ("earlier.step(batch_size)\ntrainer.step()", "line 2: the number of samples"),
    "something else": ("1 / 0", "nothing that dlcore knows of"),
}  # fmt: skip


@pytest.mark.parametrize("name", BROKEN)
def test_a_cell_that_fails_is_mended(name: str, shell: Any, capsys: pytest.CaptureFixture[str]) -> None:
    shell.run_cell("earlier = 1")
    cell, fix = BROKEN[name]
    assert not shell.run_cell(f"%%mxnet\n{cell}").success
    said = capsys.readouterr().out
    assert said.count("What to write instead") == 1 and fix in said and "'earlier' is not defined" not in said


def test_other_words_are_refused(shell: Any, capsys: pytest.CaptureFixture[str]) -> None:
    assert not shell.run_cell("%mxnet on").success
    assert "%mxnet takes nothing, or off; got 'on'" in capsys.readouterr().out

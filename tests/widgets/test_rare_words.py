"""Errors of the widgets that no other test meets, each provoked once."""

from __future__ import annotations

import importlib
import sys
from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("anywidget")

import dlcore as dl  # noqa: E402
from dlcore.widgets.explorer import explore  # noqa: E402


@pytest.mark.parametrize("widget", ["diagram", "explorer", "loss_chart", "machine", "tuner"])
def test_a_widget_without_its_bundle_says_how_to_build_it(monkeypatch: pytest.MonkeyPatch, widget: str) -> None:
    there, name = Path.exists, f"dlcore.widgets.{widget}.model"
    importlib.import_module(name)
    monkeypatch.delitem(sys.modules, name)
    monkeypatch.setattr(Path, "exists", lambda self: self.name != "bundle.js" and there(self))
    with pytest.raises(ImportError, match=r"bundle.js is missing: build it with `python widgets/build.py`"):
        importlib.import_module(name)


def test_there_is_no_program_without_data() -> None:
    net = dl.gluon.nn.Dense(2, in_units=3)
    net.initialize()
    with pytest.raises(ValueError, match=r"explore: the program is known once there is data: explore\(net, data="):
        explore(net).program()
    assert explore(net, (np.ones((4, 3), np.float32), np.zeros(4, np.int32))).program() is not None

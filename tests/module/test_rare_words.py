"""Errors of modules that no other test meets, each provoked once."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import dlcore as dl
from dlcore import io, nd, sym
from dlcore.module._checkpoint import load_params

made: Any = dl.mod  # what a type checker would refuse as well
callback: Any = dl.callback
DATA = sym.var("data")


def module(**words: Any) -> Any:
    net = made.Module(sym.FullyConnected(DATA, num_hidden=2, name="fc"), label_names=None)
    net.bind([("data", (2, 3))], **words)
    return net


def buckets() -> Any:
    return made.BucketingModule(lambda key: (DATA, ["data"], []), 3)


def in_a_row() -> None:
    row = made.SequentialModule()
    row.add(made.Module(sym.var("a") + sym.var("b"), data_names=["a", "b"], label_names=None))
    row.bind([("data", (2, 3))])


ROWS: list[tuple[Callable[[], Any], type[Exception], str]] = [
    (lambda: buckets()._now, RuntimeError, r"BucketingModule: call bind \(or fit\) first"),
    (lambda: buckets()._first(), RuntimeError, r"BucketingModule: call bind \(or fit\) first"),
    (lambda: made.BaseModule().update(), NotImplementedError, "BaseModule has no update"),
    (lambda: made.BaseModule().get_outputs(), NotImplementedError, "BaseModule has no get_outputs"),
    (lambda: made.BaseModule().get_params(), NotImplementedError, "BaseModule has no get_params"),
    (lambda: module(nope=3), TypeError, "Module.bind: unknown arguments nope"),
    (lambda: module().get_input_grads(), RuntimeError, "get_input_grads: bind with inputs_need_grad=True"),
    (
        lambda: made.PythonModule(["data"], ["label"], ["out"]).bind([("data", (2, 3))]),
        NotImplementedError,
        "PythonModule has no _compute_output_shapes",
    ),
    (
        lambda: made.PythonLossModule().forward(io.DataBatch([nd.ones((2,))], None), True),
        ValueError,
        "PythonLossModule: the batch has no label; add it with take_labels=True",
    ),
    (lambda: dl.model.FeedForward(DATA, epoch_size=3), ValueError, "FeedForward: epoch_size is not offered; io.Resize"),
    (
        lambda: dl.model.FeedForward(DATA).predict(nd.ones((2,)), return_data=True),
        ValueError,
        "FeedForward.predict: return_data is not offered; the caller has the data",
    ),
    (in_a_row, ValueError, "SequentialModule.*a, b"),
    (lambda: dl.callback.ProgressBar(0), ValueError, "ProgressBar: expected at least one batch, got total=0"),
    (lambda: callback.ProgressBar("a"), TypeError, r"ProgressBar: total must be a whole number, got 'a' \(str\)"),
]


@pytest.mark.parametrize(("call", "kind", "match"), ROWS, ids=lambda v: v[:24] if isinstance(v, str) else "")
def test_it_is_said(call: Callable[[], object], kind: type[Exception], match: str) -> None:
    with pytest.raises(kind, match=match):
        call()


def test_a_file_of_other_names_is_refused(tmp_path: Path) -> None:
    io.save_arrays(tmp_path / "w", {"weight": np.ones(1, np.float32)})
    with pytest.raises(ValueError, match="w: expected names such as 'arg:weight', found 'weight'"):
        load_params(tmp_path / "w")

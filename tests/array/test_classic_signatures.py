"""MXNet's names take MXNet's arguments in MXNet's order: `mxnet_signatures.txt` was written down from MXNet 1.9.1.

A line is a function with its arguments and those of their defaults that are no None. Arguments that all of its
functions take (out, name) are left out.
"""

from __future__ import annotations

import ast
import inspect
from pathlib import Path
from typing import Any

import pytest

import dlcore as dl

LINES = Path(__file__).with_name("mxnet_signatures.txt").read_text().splitlines()
# Where we differ, and why.
NOT_HERE = {  # said to int8 operators and to cuDNN: taken and passed over, see `_names._call.IGNORED`
    "min_calib_range", "max_calib_range", "cudnn_off", "is_int",
}  # fmt: skip
DIFFERENT = {
    "nd.BatchNorm_v1": "MXNet's generated text leaves out the moving averages, which it takes all the same",
    "nd.Crop": "one or two arrays, both with a name",
    "nd.contrib.multi_lamb_update": "the bounds, which MXNet takes by name, have a place of their own",
    "nd.linalg.det": "the array-API standard's arguments, which have no names; nd.linalg_det has MXNet's",
    "nd.linalg.inverse": "as nd.linalg.det",
    "nd.linalg.slogdet": "as nd.linalg.det",
}
# An index out of range is an error, places are whole numbers, and how many arrays there are is seen.
DEFAULTS = {
    ("nd.argsort", "dtype"): "int64", ("nd.choose_element_0index", "mode"): "raise", ("nd.pick", "mode"): "raise",
    ("nd.take", "mode"): "raise", ("nd.sample_multinomial", "dtype"): "int64",
    ("nd.random.multinomial", "dtype"): "int64",
    ("nd.contrib.multi_adamw_update", "size"): None, ("nd.contrib.multi_mp_adamw_update", "size"): None,
    ("nd.contrib.multi_mp_lamb_update", "num_tensors"): None,
}  # fmt: skip


def found(name: str) -> Any:
    value: Any = dl
    for part in name.split("."):
        value = getattr(value, part)
    return value


def read(text: str) -> Any:
    try:
        return ast.literal_eval(text)
    except (ValueError, SyntaxError):
        return text


def same(ours: Any, theirs: Any) -> bool:
    if isinstance(ours, (int, float)) and isinstance(theirs, (int, float)):
        return abs(ours - theirs) <= 1e-9
    return bool(ours == theirs) or str(ours) == str(theirs)


@pytest.mark.parametrize("line", LINES, ids=lambda line: line.partition("(")[0])
def test_a_function_takes_what_mxnets_takes(line: str) -> None:
    name, _, rest = line[:-1].partition("(")
    parameters = [p for p in inspect.signature(found(name)).parameters.values() if p.name != "out"]
    theirs = [part.partition("=") for part in rest.split(", ") if part]
    if name not in DIFFERENT and any(key.startswith("*") for key, _, _ in theirs):
        assert any(p.kind is p.VAR_POSITIONAL for p in parameters)
        return
    if name in DIFFERENT:
        assert [p.name for p in parameters][: len(theirs)] != [key for key, _, _ in theirs]  # else it is the same now
        return
    wanted = [part for part in theirs if part[0] not in NOT_HERE or part[0] in {p.name for p in parameters}]
    assert [p.name for p in parameters][: len(wanted)] == [key for key, _, _ in wanted]
    for parameter, (key, _, value) in zip(parameters, wanted, strict=False):
        if value and parameter.default is not parameter.empty:
            assert same(parameter.default, DEFAULTS.get((name, key), read(value))), key


def test_the_list_is_long_and_every_difference_is_one_of_its_lines() -> None:
    names = {line.partition("(")[0] for line in LINES}
    assert len(names) > 340 and {*DIFFERENT, *(name for name, _ in DEFAULTS)} <= names

"""Names and attributes that a `with` block gives to all nodes; groups on one device."""

from __future__ import annotations

import pytest

import dlcore as dl
from dlcore import sym


def test_prefixes_stand_before_all_names_and_end_with_the_block() -> None:
    x = sym.var("x")
    with dl.name.Prefix("a_"):
        one = sym.FullyConnected(x, num_hidden=2, name="fc")
        two = sym.relu(one)
    with dl.name.NameManager():
        three = sym.relu(two)
    assert one.list_arguments() == ["x", "a_fc_weight", "a_fc_bias"]
    assert two.name == "a_relu0" and three.name == "relu0" and sym.relu(x, name="r").name == "r"


def test_attributes_of_scopes_nest_and_survive_files() -> None:
    with dl.AttrScope(ctx_group="dev1", mirror="yes"):
        x = sym.var("x", attr={"mirror": "no"})
        with dl.AttrScope(ctx_group="dev2"):
            y = sym.FullyConnected(x, num_hidden=2, name="fc")
    assert (x.attr("ctx_group"), x.attr("mirror")) == ("dev1", "no")
    assert (y.attr("ctx_group"), y.attr("mirror"), y.attr("num_hidden")) == ("dev2", "yes", 2)
    assert sym.relu(y).attr("ctx_group") is None
    again = sym.load_json(y.tojson())
    assert again.attr("ctx_group") == "dev2" and again.attr_dict()["fc_weight"]["__ctx_group__"] == "dev2"
    with pytest.raises(ValueError, match="ctx_group must be a text"):
        dl.AttrScope(ctx_group=1)  # type: ignore[arg-type]

"""The ``%%network`` cell in a real shell: what it binds, what a mistake leaves, what it prints."""

from __future__ import annotations

import pytest

from dlcore.gluon import HybridBlock
from dlcore.kernel_ext.language import NetworkError
from dlcore.kernel_ext.language.words import WORDS

LENET = """%%network lenet
input 1x28x28
conv 32 3x3 pad 1 relu
conv 64 3x3 pad 1 relu
maxpool 2
flatten
dense 128 relu
dense 10
"""


def run(shell, cell):
    result = shell.run_cell(cell, store_history=True)
    result.raise_error()


def fail(shell, cell):
    result = shell.run_cell(cell, store_history=True)
    assert isinstance(result.error_in_exec, NetworkError)
    return result.error_in_exec


def test_a_cell_binds_its_name(shell, capsys):
    run(shell, LENET)
    lenet = shell.user_ns["lenet"]
    assert isinstance(lenet, HybridBlock)
    assert lenet.to_source() == LENET.strip()
    assert capsys.readouterr().out == "lenet: 1x28x28 -> 10, 1,625,866 parameters\n"


def test_a_block_is_bound_and_used(shell, capsys):
    run(shell, "%%network block(channels, stride=1)\nconv channels 3x3 pad 1 stride stride\nbatchnorm relu")
    run(shell, "%%network net\ninput 3x8x8\nuse block(4)\nuse block(8, stride=2)\nglobalpool\ndense 2")
    assert shell.user_ns["net"].shapes == [(3, 8, 8), (4, 8, 8), (8, 4, 4), (8, 1, 1), (2,)]
    assert capsys.readouterr().out.splitlines()[0] == (
        "block(channels, stride=1): a reusable block; write: use block(...)"
    )
    assert shell.user_ns["block"].to_source().startswith("%%network block(channels, stride=1)\n")


def test_braces_in_the_head_are_left_to_the_language(shell):
    run(shell, "n = 7")
    run(shell, "%%network block(units={n * 2})\ndense units")
    run(shell, "n = 8")
    run(shell, "%%network net\ninput 3\nuse block()")
    assert shell.user_ns["net"].shapes[-1] == (16,)


def test_a_mistake_shows_a_box_and_keeps_the_old_network(shell, capsys):
    run(shell, LENET)
    before = shell.user_ns["lenet"]
    capsys.readouterr()
    error = fail(shell, LENET.replace("maxpool", "maxpol"))
    assert shell.user_ns["lenet"] is before
    assert capsys.readouterr().out == (
        "Cell In[2], line 5\n"
        "    maxpol 2\n"
        "    ^^^^^^\n"
        'NetworkError: there is no layer "maxpol"; did you mean "maxpool"?\n'
    )
    assert error.lineno == 5


@pytest.mark.parametrize(
    "cell",
    [
        "%%network\ndense 3",
        "%%network net\ninput 3x3x3\nconv 8 5x5",
        "%%network net\nuse {1 / 0}",
        "%%network net\nrepeat 2:\ndense 3",
        "%%network net(n\ndense n",
    ],
)
def test_no_traceback_of_ours_is_ever_shown(shell, capsys, cell):
    fail(shell, cell)
    shown = capsys.readouterr().out
    assert "Traceback" not in shown and ".py" not in shown
    assert shown.startswith("Cell In[1], line ")


def test_help_names_every_word_and_option(shell):
    text = shell.object_inspect("%%network")["docstring"]
    for row in WORDS.values():
        assert row.name in text and all(slot.name in text for slot in (*row.slots, *row.options)), row.name


def test_loading_again_leaves_one_of_each(shell):
    shell.run_line_magic("load_ext", "dlcore")
    shell.run_line_magic("reload_ext", "dlcore")
    matchers = [getattr(m, "matcher_identifier", "") for m in shell.Completer.custom_matchers]
    assert matchers.count("dlcore.network") == 1
    run(shell, LENET)
    assert offered(shell, "%%network n\nmaxp") == ["maxpool"]


def test_unloading_takes_magics_and_completion_back(shell):
    assert shell.find_cell_magic("network") and shell.find_line_magic("graph")
    shell.run_line_magic("unload_ext", "dlcore")
    assert shell.find_cell_magic("network") is None and shell.find_line_magic("graph") is None
    assert "maxpool" not in offered(shell, "%%network n\nmaxp")


# --- the Tab key


def offered(shell, cell):
    """What IPython's own completer offers at ``|``, or at the end."""
    from IPython.core.completer import provisionalcompleter

    at = cell.find("|")
    cell, at = (cell, len(cell)) if at < 0 else (cell.replace("|", ""), at)
    with provisionalcompleter():
        found = list(shell.Completer.completions(cell, at))
    return [completion.text for completion in found]


HEAD = "%%network n\n"


@pytest.mark.parametrize(
    ("before", "expected"),
    [
        ("ma", ["maxpool"]),
        ("a = den", ["dense"]),
        ("repeat 2:\n    lay", ["layernorm"]),
        ("conv 8 3x3 p", ["pad"]),
        ("conv 8 3x3 pad s", ["same"]),
        ("conv 8 3x3 pad 1 gr", ["groups"]),
        ("conv 8 3x3 r", ["relu"]),
        ("dense 8 t", ["tanh"]),
        ("first = relu\nsecond = tanh\nadd f", ["first"]),
        ("first = relu\ndense 3 from f", ["first"]),
        ("dense {wi", ["width"]),
        ("dense {width + hei", ["height"]),
        ("dense {table.ke", ["table.keys"]),
        ("use he", ["helper"]),
        ("|\nrelu\nten", None),
    ],
)
def test_tab_offers_what_fits(shell, before, expected):
    shell.user_ns.update(width=3, height=4, table={})
    run(shell, "%%network helper(n)\ndense n")
    found = offered(shell, HEAD + before)
    if expected is None:
        assert found[:3] == ["conv", "maxpool", "avgpool"]
    else:
        assert found == expected


def test_tab_knows_what_a_line_has_already(shell):
    assert "pad" not in offered(shell, HEAD + "conv 8 3x3 pad 1 ")
    assert "tanh" not in offered(shell, HEAD + "dense 8 relu ")
    assert "pad" not in offered(shell, HEAD + "conv 8 ")
    assert "relu" not in offered(shell, HEAD + "maxpool 2 ")


def test_tab_offers_parameters_of_the_block(shell):
    assert offered(shell, "%%network b(channels, stride=1)\nconv ch") == ["channels"]
    assert offered(shell, "%%network b(channels, stride=1)\nconv 3 3x3 stride st") == ["stride"]


def test_names_of_an_ended_repeat_are_not_offered(shell):
    text = HEAD + "outer = relu\nrepeat 2:\n    inner = tanh\n    relu\n"
    assert offered(shell, text + "    add ")[:2] == ["inner", "outer"]
    assert offered(shell, text + "add ")[:1] == ["outer"]


def test_other_cells_complete_as_before(shell):
    assert "maxpool" not in offered(shell, "maxp")
    assert "print" in offered(shell, "pri")
    shell.user_ns["maximal"] = 1
    assert "maximal" in offered(shell, "x = 1\nmaxi")

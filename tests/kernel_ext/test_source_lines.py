"""A traced network of the language names the user's line, not the files that built it."""

from __future__ import annotations

import os

import dlcore as dl
from dlcore.graph import trace
from dlcore.graph._source import is_own
from dlcore.kernel_ext.language import builder, make


def test_the_files_of_the_language_are_not_the_users() -> None:
    assert is_own(builder.__file__) and is_own(dl.graph.__file__)
    assert not is_own(__file__) and not is_own(os.path.join(os.path.dirname(__file__), "kernel_ext.py"))


def test_a_layer_of_a_network_cell_comes_from_the_line_that_called_it() -> None:
    net = make("%%network net\ninput 4\ndense 3 relu")
    x = dl.nd.ones((2, 4))
    net(x)
    text = str(trace(lambda arrays: (None, [net(*arrays)]), [x], "net").graph)
    assert os.path.basename(__file__) in text and os.path.basename(builder.__file__) not in text

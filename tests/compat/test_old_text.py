"""`mxnet.contrib.text`: vocabularies as old programs make them."""

from collections import Counter

import pytest

from dlcore import compat


@pytest.fixture
def text():
    compat.install()
    from mxnet.contrib import text

    yield text
    compat.uninstall()


def test_tokens_are_numbered_as_mxnet_numbers_them(text):
    """Unknown, reserved, then by count, equal counts in order of the alphabet; the limit is on these last alone."""
    counter = Counter({"c": 3, "b": 2, "a": 2, "<pad>": 9, "rare": 1})
    table = text.vocab.Vocabulary(counter, most_freq_count=2, min_freq=2, reserved_tokens=["<pad>", "<eos>"])
    assert table.idx_to_token == ["<unk>", "<pad>", "<eos>", "c", "a"]
    assert table.token_to_idx == {token: number for number, token in enumerate(table.idx_to_token)}
    assert (len(table), table.unknown_token, table.reserved_tokens) == (5, "<unk>", ["<pad>", "<eos>"])
    assert text.vocab.Vocabulary(counter).reserved_tokens is None


def test_there_and_back(text):
    table = text.vocab.Vocabulary(Counter("aab"), unknown_token="?")
    assert table.to_indices("b") == 2
    assert table.to_indices(["b", "z", "a"]) == [2, 0, 1]
    assert table.to_tokens(1) == "a"
    assert table.to_tokens([2, 0]) == ["b", "?"]
    for wrong in (3, [0, 3], -1):
        with pytest.raises(ValueError, match="from 0 to 2"):
            table.to_tokens(wrong)
    with pytest.raises(ValueError, match="min_freq"):
        text.vocab.Vocabulary(Counter("a"), min_freq=0)
    with pytest.raises(ValueError, match="twice"):
        text.vocab.Vocabulary(Counter("a"), reserved_tokens=["<unk>"])


def test_tokens_are_counted(text):
    counts = text.utils.count_tokens_from_str(" Life is great !\n life is good .\n", " ", "\n", to_lower=True)
    assert counts == {"life": 2, "is": 2, "great": 1, "!": 1, "good": 1, ".": 1}
    assert text.utils.count_tokens_from_str("is", counter_to_update=counts) is counts
    assert counts["is"] == 3


def test_imports_from_below_it(text):
    from mxnet.contrib.text.vocab import Vocabulary

    assert Vocabulary is text.vocab.Vocabulary
    with pytest.raises(ImportError, match=r"weight\.set_data"):
        import mxnet.contrib.text.embedding  # noqa: F401

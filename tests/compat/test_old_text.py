"""`mxnet.contrib.text`: vocabularies as old programs make them."""

import zipfile
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


def vectors(folder, text, name="v.txt"):
    (folder / name).write_text(text)
    return folder / name


def test_vectors_of_a_file(text, tmp_path):
    from dlcore import nd

    file = vectors(tmp_path, "hello 1 2 3\nworld 4 5 6\nhello 9 9 9\n<unk> 7 7 7\n")
    with pytest.warns(UserWarning, match="line 3: left out, as 'hello' has a vector already"):
        table = text.embedding.CustomEmbedding(file)
    assert (table.vec_len, len(table), table.token_to_idx) == (3, 3, {"<unk>": 0, "hello": 1, "world": 2})
    assert table.idx_to_vec.tolist() == [[7, 7, 7], [1, 2, 3], [4, 5, 6]]
    assert table.get_vecs_by_tokens("world").tolist() == [4, 5, 6]
    assert table.get_vecs_by_tokens(["WORLD", "hello"]).tolist() == [[7, 7, 7], [1, 2, 3]]
    assert table.get_vecs_by_tokens(["WORLD"], lower_case_backup=True).tolist() == [[4, 5, 6]]
    table.update_token_vectors("hello", nd.array([0, 0, 1]))
    table.update_token_vectors(["<unk>", "world"], nd.array([[0, 0, 0], [2, 2, 2]]))
    assert table.idx_to_vec.tolist() == [[0, 0, 0], [0, 0, 1], [2, 2, 2]]
    with pytest.raises(ValueError, match="'moon' is not here; what stands for all such is '<unk>'"):
        table.update_token_vectors(["moon"], nd.ones((1, 3)))
    with pytest.raises(KeyError, match="get_pretrained_file_names: expected one of glove, fasttext, got 'wordy'"):
        text.embedding.get_pretrained_file_names("wordy")
    with pytest.raises(ValueError, match=r"expected shape \(1, 3\), got \(2,\)"):
        table.update_token_vectors(["hello"], nd.ones((2,)))


def test_vectors_of_a_vocabulary_side_by_side(text, tmp_path):
    from dlcore import nd

    one = text.embedding.CustomEmbedding(vectors(tmp_path, "hello 1 2 3\nworld 4 5 6\n", "a.txt"))
    two = text.embedding.CustomEmbedding(vectors(tmp_path, "3 2\nhello 7 8\n", "b.txt"), init_unknown_vec=nd.ones)
    table = text.vocab.Vocabulary(Counter("hello world hello".split()), reserved_tokens=["<pad>"])
    both = text.embedding.CompositeEmbedding(table, [one, two])
    assert both.idx_to_vec.tolist() == [[0, 0, 0, 1, 1], [0, 0, 0, 1, 1], [1, 2, 3, 7, 8], [4, 5, 6, 1, 1]]
    assert both.idx_to_token == table.idx_to_token and both.reserved_tokens == ["<pad>"] and both.vec_len == 5
    only = text.embedding.CustomEmbedding(tmp_path / "a.txt", vocabulary=text.vocab.Vocabulary(Counter(["world"])))
    assert only.token_to_idx == {"<unk>": 0, "world": 1} and only.idx_to_vec.tolist() == [[0, 0, 0], [4, 5, 6]]


def test_published_vectors_are_found_where_they_were_kept(text, tmp_path, monkeypatch):
    embedding = text.embedding
    names = embedding.get_pretrained_file_names()
    assert len(names["glove"]) == 10 and len(names["fasttext"]) == 327
    with pytest.raises(KeyError, match="GloVe has no file 'glove.7B.txt'"):
        embedding.create("glove", pretrained_file_name="glove.7B.txt")
    with pytest.raises(FileNotFoundError, match=r"glove\.6B\.50d\.txt, or glove\.6B\.zip with it"):
        embedding.GloVe("glove.6B.50d.txt", embedding_root=tmp_path)
    remote = tmp_path / "remote" / "gluon" / "embeddings" / "fasttext"
    remote.mkdir(parents=True)
    with zipfile.ZipFile(remote / "wiki.simple.zip", "w") as packed:
        packed.writestr("wiki.simple.vec", "2 3\nhello 1 2 3 \nworld 4 5 6 \n")
    monkeypatch.setenv("MXNET_GLUON_REPO", (tmp_path / "remote").as_uri())
    table = embedding.create("fasttext", embedding_root=tmp_path / "kept")
    assert table.get_vecs_by_tokens("world").tolist() == [4, 5, 6]
    assert sorted(path.name for path in (tmp_path / "kept" / "fasttext").iterdir()) == [
        "wiki.simple.vec",
        "wiki.simple.zip",
    ]
    kept = tmp_path / "kept" / "fasttext" / "wiki.simple.zip"
    kept.with_name("wiki.simple.vec").unlink()
    kept.write_bytes(kept.read_bytes().replace(b"hello", b"hullo"))
    with pytest.raises(zipfile.BadZipFile, match="CRC"):
        embedding.create("fasttext", embedding_root=tmp_path / "kept")
    assert [path.name for path in kept.parent.iterdir()] == ["wiki.simple.zip"], "no half of a file stays"


@pytest.mark.parametrize(("line", "why"), [("a 1 x", "expected numbers after 'a'"), ("a 1 2 3", "expected 2 numbers")])
def test_damaged_vectors_name_their_line(text, tmp_path, line, why):
    with pytest.raises(ValueError, match=f"line 2: {why}"):
        text.embedding.CustomEmbedding(vectors(tmp_path, f"b 1 2\n{line}\n"))
    with pytest.raises(ValueError, match="no vectors"):
        text.embedding.CustomEmbedding(vectors(tmp_path, ""))


def test_embeddings_of_ones_own_are_made_by_name(text):
    from mxnet.contrib.text import embedding

    @embedding.register
    class Constant(embedding._TokenEmbedding):
        def __init__(self, value=1):
            self.value = value

    assert embedding.create("constant", value=3).value == 3

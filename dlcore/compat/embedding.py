"""`mxnet.contrib.text.embedding`: vectors of tokens that others trained, from text files of one token a line.

>>> import tempfile
>>> file = tempfile.mkdtemp() + "/vectors.txt"
>>> _ = open(file, "w").write("hello 1 2\\nworld 3 4\\n")
>>> vectors = CustomEmbedding(file)
>>> vectors.get_vecs_by_tokens(["world", "moon"]).tolist()
[[3.0, 4.0], [0.0, 0.0]]
"""

from __future__ import annotations

import os
import shutil
import zipfile
from array import array
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, ClassVar

import numpy as np

from dlcore import _answers
from dlcore._warn import warn
from dlcore.array import nd
from dlcore.gluon.utils import download
from dlcore.io import atomic_write

from .registry import get_create_func, get_register_func
from .text import Vocabulary

__all__ = [
    "CompositeEmbedding",
    "CustomEmbedding",
    "FastText",
    "GloVe",
    "create",
    "get_pretrained_file_names",
    "register",
]


def _root() -> str:
    return os.path.join(os.environ.get("MXNET_HOME", os.path.join("~", ".mxnet")), "embeddings")


class _TokenEmbedding(Vocabulary):
    """A vocabulary with a vector for each token; what scripts of their own derive from. Number 0 is the unknown one."""

    _vectors: Any = None

    @property
    def vec_len(self) -> int:
        """How many numbers a vector has."""
        return int(self._vectors.shape[1])

    @property
    def idx_to_vec(self) -> Any:
        """The vectors in order of the tokens' numbers, (tokens, vec_len)."""
        return self._vectors

    def get_vecs_by_tokens(self, tokens: str | Sequence[str], lower_case_backup: bool = False) -> Any:
        """The vector of a token, (vec_len,), or of each of a list, (tokens, vec_len); the unknown's for those not here.

        lower_case_backup: look for a token in lower case if it is not here as it is.
        """
        asked = [tokens] if isinstance(tokens, str) else list(tokens)
        if lower_case_backup:
            asked = [token if token in self else token.lower() for token in asked]
        found = self._vectors[nd.array([self.token_to_idx.get(token, 0) for token in asked], dtype="int64")]
        return found[0] if isinstance(tokens, str) else found

    def update_token_vectors(self, tokens: str | Sequence[str], new_vectors: Any) -> None:
        """Write vectors, (tokens, vec_len) or for one token (vec_len,). ValueError for a token that is not here."""
        asked = [tokens] if isinstance(tokens, str) else list(tokens)
        unknown = [token for token in asked if token not in self]
        if unknown:
            raise ValueError(
                f"update_token_vectors: {unknown[0]!r} is not here; what stands for all such is {self.unknown_token!r}"
            )
        vectors = new_vectors.reshape((1, -1)) if len(new_vectors.shape) == 1 else new_vectors
        if tuple(vectors.shape) != (len(asked), self.vec_len):
            raise ValueError(
                f"update_token_vectors: expected shape {(len(asked), self.vec_len)}, got {tuple(new_vectors.shape)}"
            )
        self._vectors[nd.array([self.token_to_idx[token] for token in asked], dtype="int64")] = vectors

    def _read(self, path: Path, delimiter: str, unknown_vector: Callable[..., Any], encoding: str = "utf8") -> None:
        """Take the tokens and vectors of a file; a first line of a number or two is a header."""
        numbers, own, width = array("f"), None, 0
        with path.open(encoding=encoding) as lines:
            for place, line in enumerate(lines, 1):
                token, *words = line.rstrip().split(delimiter)
                try:
                    vector = array("f", map(float, words))
                except ValueError:
                    raise ValueError(f"{path}, line {place}: expected numbers after {token!r}") from None
                if len(vector) < 2 and place == 1:
                    continue  # a header: how many vectors, and how long
                if len(vector) < 2:
                    warn(f"{path}, line {place}: left out, as it has {len(vector)} numbers after {token!r}")
                elif width and len(vector) != width:
                    raise ValueError(
                        f"{path}, line {place}: expected {width} numbers after {token!r}, got {len(vector)}"
                    )
                elif token == self.unknown_token and own is None:
                    own, width = vector, len(vector)
                elif token in self:
                    warn(f"{path}, line {place}: left out, as {token!r} has a vector already")
                else:
                    width = len(vector)
                    numbers.extend(vector)
                    self._numbers[token] = len(self._tokens)
                    self._tokens.append(token)
        if not width:
            raise ValueError(f"{path}: there are no vectors in this file")
        first = unknown_vector(shape=(width,)).asnumpy() if own is None else np.asarray(own, np.float32)
        rest = np.frombuffer(numbers, np.float32).reshape(-1, width)
        self._vectors = nd.array(np.concatenate([first.reshape(1, width), rest]))

    def _only(self, vocabulary: Vocabulary, parts: Sequence[_TokenEmbedding]) -> None:
        """Become the tokens of a vocabulary, with the vectors of all parts side by side."""
        columns = [
            nd.concat(part.idx_to_vec[0:1], part.get_vecs_by_tokens(vocabulary.idx_to_token[1:]), dim=0)
            if len(vocabulary) > 1
            else part.idx_to_vec[0:1]
            for part in parts
        ]
        self._tokens, self._numbers = list(vocabulary.idx_to_token), dict(vocabulary.token_to_idx)
        self.unknown, self._reserved = vocabulary.unknown_token, vocabulary.reserved_tokens
        self._vectors = nd.concat(*columns, dim=1)


register = get_register_func(_TokenEmbedding, "embedding")
_create = get_create_func(_TokenEmbedding, "embedding")


def create(embedding_name: str, **kwargs: Any) -> Any:
    """The vectors of a registered class, by its name in any case, made with these arguments.

    >>> create("glove", pretrained_file_name="glove.7B.txt")
    Traceback (most recent call last):
    KeyError: "GloVe has no file 'glove.7B.txt'; see get_pretrained_file_names('glove')"
    """
    return _create(embedding_name, **kwargs)


def get_pretrained_file_names(embedding_name: str | None = None) -> Any:
    """The files that a class knows, or {class: files} of all. KeyError for another name.

    >>> get_pretrained_file_names("glove")[:2]
    ['glove.42B.300d.txt', 'glove.6B.50d.txt']
    """
    known = {kind.__name__.lower(): list(kind.archives) for kind in (GloVe, FastText)}
    if embedding_name is None:
        return known
    if embedding_name.lower() not in known:
        raise KeyError(f"get_pretrained_file_names: expected one of {', '.join(known)}, got {embedding_name!r}")
    return known[embedding_name.lower()]


class _Published(_TokenEmbedding):
    """Vectors of a well-known collection.

    The file, or the zip that it was published in, is looked for in `embedding_root` under the name of the class;
    with an address in `$MXNET_GLUON_REPO` the zip is fetched from there. FileNotFoundError where it is not found.
    """

    archives: ClassVar[dict[str, str]]  # each file, and the archive it is in

    def __init__(
        self,
        pretrained_file_name: str,
        embedding_root: str | os.PathLike[str] | None,
        init_unknown_vec: Callable[..., Any],
        vocabulary: Vocabulary | None,
        **kwargs: Any,
    ) -> None:
        kind = type(self).__name__
        if pretrained_file_name not in self.archives:
            raise KeyError(
                f"{kind} has no file {pretrained_file_name!r}; see get_pretrained_file_names({kind.lower()!r})"
            )
        super().__init__(**kwargs)
        folder = Path(os.path.expanduser(_root() if embedding_root is None else embedding_root)) / kind.lower()
        self._read(_found(folder, pretrained_file_name, self.archives[pretrained_file_name]), " ", init_unknown_vec)
        if vocabulary is not None:
            self._only(vocabulary, [self])


def _found(folder: Path, name: str, archive: str) -> Path:
    """The file in the folder, unpacked from its archive if need be."""
    if not (folder / name).is_file():
        mirror = os.environ.get("MXNET_GLUON_REPO")
        if mirror and not (folder / archive).is_file():
            folder.mkdir(parents=True, exist_ok=True)
            download(f"{mirror.rstrip('/')}/gluon/embeddings/{folder.name}/{archive}", folder / archive)
        if not (folder / archive).is_file():
            raise FileNotFoundError(f"expected {name}, or {archive} with it, in {folder}; put the file there")
        with zipfile.ZipFile(folder / archive) as packed, packed.open(name) as inside:
            with atomic_write(folder / name) as file:
                shutil.copyfileobj(inside, file)
    return folder / name


@register
class GloVe(_Published):
    """Vectors of the GloVe project.

    >>> GloVe("glove.6B.50d.txt", embedding_root="nowhere")
    Traceback (most recent call last):
    FileNotFoundError: expected glove.6B.50d.txt, or glove.6B.zip with it, in nowhere/glove; put the file there
    """

    archives: ClassVar[dict[str, str]] = {
        "glove.42B.300d.txt": "glove.42B.300d.zip",
        **{f"glove.6B.{size}d.txt": "glove.6B.zip" for size in (50, 100, 200, 300)},
        "glove.840B.300d.txt": "glove.840B.300d.zip",
        **{f"glove.twitter.27B.{size}d.txt": "glove.twitter.27B.zip" for size in (25, 50, 100, 200)},
    }

    def __init__(
        self,
        pretrained_file_name: str = "glove.840B.300d.txt",
        embedding_root: str | os.PathLike[str] | None = None,
        init_unknown_vec: Callable[..., Any] = nd.zeros,
        vocabulary: Vocabulary | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(pretrained_file_name, embedding_root, init_unknown_vec, vocabulary, **kwargs)


# The languages of the vectors that fastText made of Wikipedia, and of those in one common space.
_WIKI = (
    "aa ab ace ady af ak als am an ang ar arc arz as ast av ay az azb ba bar bat_smg bcl be bg bh bi bjn bm bn bo "
    "bpy br bs bug bxr ca cbk_zam cdo ce ceb ch cho chr chy ckb co cr crh cs csb cu cv cy da de diq dsb dv dz ee "
    "el eml en eo es et eu ext fa ff fi fiu_vro fj fo fr frp frr fur fy ga gag gan gd gl glk gn gom got gu gv ha "
    "hak haw he hi hif ho hr hsb ht hu hy hz ia id ie ig ii ik ilo io is it iu ja jam jbo jv ka kaa kab kbd kg ki "
    "kj kk kl km kn ko koi kr krc ks ksh ku kv kw ky la lad lb lbe lez lg li lij lmo ln lo lrc lt ltg lv mai "
    "map_bms mdf mg mh mhr mi min mk ml mn mo mr mrj ms mt mus mwl my myv mzn na nah nap nds nds_nl ne new ng nl "
    "nn no nov nrm nso nv ny oc olo om or os pa pag pam pap pcd pdc pfl pi pih pl pms pnb pnt ps pt qu rm rmy rn "
    "ro roa_rup roa_tara ru rue rw sa sah sc scn sco sd se sg sh si simple sk sl sm sn so sq sr srn ss st stq su "
    "sv sw szl ta tcy te tet tg th ti tk tl tn to tpi tr ts tt tum tw ty tyv udm ug uk ur uz ve vec vep vi vls vo "
    "wa war wo wuu xal xh xmf yi yo za zea zh zh_classical zh_min_nan zh_yue zu"
)
_COMMON = "ar bg ca cs da de el en es et fi fr he hr hu id it mk nl no pl pt ro ru sk sl sv tr uk vi"
_NAMES = (
    "crawl-300d-2M",
    "wiki-news-300d-1M",
    "wiki-news-300d-1M-subword",
    *(f"wiki.{code}" for code in _WIKI.split()),
    *(f"wiki.multi.{code}" for code in _COMMON.split()),
)


@register
class FastText(_Published):
    """Vectors of the fastText project.

    >>> "wiki.simple.vec" in get_pretrained_file_names("fasttext")
    True
    """

    archives: ClassVar[dict[str, str]] = {f"{name}.vec": f"{name}.zip" for name in _NAMES}

    def __init__(
        self,
        pretrained_file_name: str = "wiki.simple.vec",
        embedding_root: str | os.PathLike[str] | None = None,
        init_unknown_vec: Callable[..., Any] = nd.zeros,
        vocabulary: Vocabulary | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(pretrained_file_name, embedding_root, init_unknown_vec, vocabulary, **kwargs)


class CustomEmbedding(_TokenEmbedding):
    """Vectors of a file of one's own: a token and its numbers in each line, with `elem_delim` between them.

    init_unknown_vec: makes the vector of the unknown token, unless the file has one. vocabulary: keep its tokens only.
    ValueError, naming the line, for a damaged file.

    >>> import tempfile
    >>> file = tempfile.mkdtemp() + "/vectors.txt"
    >>> _ = open(file, "w").write("a,1,2\\nb,3,4\\n")
    >>> CustomEmbedding(file, elem_delim=",", init_unknown_vec=nd.ones).idx_to_vec.tolist()
    [[1.0, 1.0], [1.0, 2.0], [3.0, 4.0]]
    """

    def __init__(
        self,
        pretrained_file_path: str | os.PathLike[str],
        elem_delim: str = " ",
        encoding: str = "utf8",
        init_unknown_vec: Callable[..., Any] = nd.zeros,
        vocabulary: Vocabulary | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self._read(Path(os.path.expanduser(pretrained_file_path)), elem_delim, init_unknown_vec, encoding)
        if vocabulary is not None:
            self._only(vocabulary, [self])


class CompositeEmbedding(_TokenEmbedding):
    """The tokens of a vocabulary, each with its vectors of several embeddings side by side.

    >>> import tempfile
    >>> file = tempfile.mkdtemp() + "/vectors.txt"
    >>> _ = open(file, "w").write("a 1 2\\nb 3 4\\n")
    >>> one = CustomEmbedding(file)
    >>> from collections import Counter
    >>> CompositeEmbedding(Vocabulary(Counter("b")), [one, one]).idx_to_vec.tolist()
    [[0.0, 0.0, 0.0, 0.0], [3.0, 4.0, 3.0, 4.0]]
    """

    def __init__(self, vocabulary: Vocabulary, token_embeddings: Any) -> None:
        super().__init__()
        self._only(vocabulary, token_embeddings if isinstance(token_embeddings, (list, tuple)) else [token_embeddings])


_answers.guard(__name__, __all__)

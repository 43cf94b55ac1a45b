"""Image transforms: what each does to known images, and random numbers that do not depend on threads."""

import numpy as np
import pytest

import dlcore as dl
from dlcore.gluon.data import ArrayDataset, DataLoader
from dlcore.gluon.data.vision import transforms as T

RNG = np.random.default_rng(0)
IMAGE = RNG.integers(0, 256, (9, 7, 3)).astype(np.uint8)


def seeded(transform, image=IMAGE, seed=3):
    dl.random.seed(seed)
    return transform(image)


def test_sizes_and_cuts():
    assert T.Resize(4)(IMAGE).shape == (4, 4, 3)
    assert T.Resize((5, 3))(IMAGE).shape == (3, 5, 3)
    assert T.Resize(14, keep_ratio=True)(IMAGE).shape == (18, 14, 3)
    np.testing.assert_array_equal(T.CropResize(1, 2, 3, 4)(IMAGE), IMAGE[2:6, 1:4])
    np.testing.assert_array_equal(T.CenterCrop((3, 5))(IMAGE), IMAGE[2:7, 2:5])
    assert T.CenterCrop(20)(IMAGE).shape == (20, 20, 3)
    grey = IMAGE[..., :1]
    assert T.Resize(4)(grey).shape == (4, 4, 1)
    floats = T.Resize((14, 18))(IMAGE.astype(np.float32))
    assert floats.dtype == np.float32 and abs(floats.mean() - IMAGE.mean()) < 2
    constant = np.full((4, 4, 3), 77, np.uint8)
    assert (T.Resize(9)(constant) == 77).all()


def test_random_cuts_are_parts_of_the_image():
    found = {tuple(map(tuple, seeded(T.RandomCrop(2), IMAGE, seed)[..., 0])) for seed in range(60)}
    parts = {tuple(map(tuple, IMAGE[y : y + 2, x : x + 2, 0])) for y in range(8) for x in range(6)}
    assert found <= parts and len(found) > 20
    padded = seeded(T.RandomCrop((11, 13), pad=2, pad_value=9))
    np.testing.assert_array_equal(padded[2:-2, 2:-2], IMAGE)
    assert (padded[:2] == 9).all()
    for seed in range(5):
        assert seeded(T.RandomResizedCrop((6, 4), scale=(0.1, 0.5)), IMAGE, seed).shape == (4, 6, 3)
    assert T.RandomResizedCrop(4, ratio=(50, 60))(IMAGE).shape == (4, 4, 3), "no such part: the middle"


def test_mirrors_and_turns():
    np.testing.assert_array_equal(T.RandomFlipLeftRight(1.0)(IMAGE), IMAGE[:, ::-1])
    np.testing.assert_array_equal(T.RandomFlipTopBottom(1.0)(IMAGE), IMAGE[::-1])
    np.testing.assert_array_equal(T.RandomFlipTopBottom(0.0)(IMAGE), IMAGE)
    square = IMAGE[:7]
    np.testing.assert_allclose(T.Rotate(90)(square).astype(int)[1:-1, 1:-1], np.rot90(square)[1:-1, 1:-1], atol=1)
    np.testing.assert_array_equal(T.Rotate(0)(IMAGE), IMAGE)
    white = np.full((40, 40, 1), 200, np.uint8)
    assert (T.Rotate(30)(white) == 0).any() and (T.Rotate(30, zoom_in=True)(white)[1:-1, 1:-1] == 200).all()
    outside = T.Rotate(45, zoom_out=True)(white)
    assert (outside[0, 0] == 0) and outside[20, 20] == 200 and (outside > 0).mean() < 0.6
    assert seeded(T.RandomRotation((-20, 20))).shape == IMAGE.shape
    for turn in (T.Rotate(17), T.Rotate(-130, zoom_in=True), T.Rotate(200.5, zoom_out=True), T.Rotate(360)):
        for image in (IMAGE, white, IMAGE[:, :1], IMAGE[:1]):  # bytes by the core, floats by Pillow
            wanted = np.rint(turn(image.astype(np.float32)))
            assert np.abs(turn(image) - wanted).max() <= 1 and (turn(image) == wanted).mean() > 0.98


def test_colours():
    bright = [seeded(T.RandomBrightness(0.5), np.full((1, 1, 3), 100, np.uint8), s).max() for s in range(40)]
    assert min(bright) >= 50 and max(bright) <= 150 and len(set(bright)) > 20
    contrast = seeded(T.RandomContrast(0.9), IMAGE.astype(np.float32))
    weights = np.array([0.299, 0.587, 0.114])
    assert (contrast @ weights).mean() == pytest.approx((IMAGE @ weights).mean(), rel=1e-3)
    saturated = seeded(T.RandomSaturation(0.9), IMAGE.astype(np.float32))
    np.testing.assert_allclose(saturated @ weights, IMAGE @ weights, rtol=1e-3)
    turned = seeded(T.RandomHue(0.5), IMAGE.astype(np.float32))
    np.testing.assert_allclose(turned @ weights, IMAGE @ weights, rtol=5e-2, atol=1)
    assert np.abs(turned - IMAGE).max() > 5
    light = seeded(T.RandomLighting(0.5), np.full((2, 2, 3), 100.0, np.float32))
    assert np.ptp(light, axis=(0, 1)).max() == 0 and 0 < np.abs(light - 100).max() < 150
    for transform in (T.RandomColorJitter(0.4, 0.4, 0.4, 0.1), T.RandomGray(0.5), T.RandomErasing(1.0)):
        assert seeded(transform).dtype == np.uint8 and seeded(transform).shape == IMAGE.shape
    array = seeded(T.RandomColorJitter(0.4, 0.4, 0.4, 0.1), dl.nd.array(IMAGE, dtype="uint8"))
    np.testing.assert_array_equal(array.asnumpy(), seeded(T.RandomColorJitter(0.4, 0.4, 0.4, 0.1)))


def batches(workers, seed=None, epochs=2, loader_epoch=0):
    images = RNG_IMAGES
    dl.random.seed(11)
    augment = T.Compose([T.RandomCrop(8, pad=2), T.RandomFlipLeftRight(), T.RandomBrightness(0.3), T.ToTensor()])
    data = ArrayDataset(images, np.arange(24)).transform_first(augment)
    loader = DataLoader(data, 5, shuffle=True, num_workers=workers, seed=seed)
    loader.epoch = loader_epoch
    return [[(x.asnumpy(), y.asnumpy()) for x, y in loader] for _ in range(epochs)]


RNG_IMAGES = RNG.integers(0, 256, (24, 8, 8, 3)).astype(np.uint8)


def test_random_transforms_do_not_depend_on_threads():
    plain, threaded = batches(0), batches(3)
    for one, other in zip(plain, threaded, strict=True):
        for (x, y), (p, q) in zip(one, other, strict=True):
            np.testing.assert_array_equal(y, q)
            np.testing.assert_array_equal(x, p)
    first = {int(k): x[i] for x, y in plain[0] for i, k in enumerate(y)}
    second = {int(k): x[i] for x, y in plain[1] for i, k in enumerate(y)}
    differ = sum(not np.array_equal(first[k], second[k]) for k in first)
    assert differ > 20, "another epoch draws other numbers"


def test_a_loader_goes_on_at_a_later_epoch():
    whole, later = batches(0, seed=5), batches(0, seed=5, epochs=1, loader_epoch=1)
    by_label = {int(k): x[i] for x, y in whole[1] for i, k in enumerate(y)}
    for x, y in later[0]:
        for i, k in enumerate(y):
            np.testing.assert_array_equal(x[i], by_label[int(k)])


def test_mixup_keeps_shares():
    dl.random.seed(2)
    x, y = T.mixup(dl.nd.array(np.eye(4, dtype="f")), dl.nd.array([0, 1, 2, 3]), 4, alpha=1.0)
    np.testing.assert_allclose(x.asnumpy(), y.asnumpy(), rtol=1e-6)
    np.testing.assert_allclose(y.asnumpy().sum(1), 1, rtol=1e-6)
    _, unmixed = T.mixup(dl.nd.ones((2, 1)), dl.nd.array([1, 0]), 2, alpha=0)
    assert unmixed.asnumpy().tolist() == [[0, 1], [1, 0]]


@pytest.mark.parametrize(
    ("make", "match"),
    [
        (lambda: T.Resize(0), "a size of at least 1x1, got 0x0"),
        (lambda: T.Resize(4)(np.zeros((3, 3))), r"Resize: expected an image \(h, w, c\), got shape \(3, 3\)"),
        (lambda: T.CropResize(5, 0, 4, 4)(IMAGE), r"4x4 at \(5, 0\) is not inside 7x9"),
        (lambda: T.RandomResizedCrop(4, scale=(0, 1)), "expected 0 < scale <= 1"),
        (lambda: T.Rotate(5, True, True), "zoom_in and zoom_out exclude each other"),
        (lambda: T.RandomRotation((5, 5)), r"rising angle_limits .* got \(5, 5\)"),
        (lambda: T.RandomFlipLeftRight(2), "probability from 0 to 1, got 2"),
        (lambda: T.RandomBrightness(-1), "at least 0, got -1"),
        (lambda: T.RandomHue(0.5)(IMAGE[..., :1]), r"expected an image \(h, w, 3\), got shape \(9, 7, 1\)"),
        (lambda: T.mixup(None, None, 2, -1), "alpha of at least 0, got -1"),
    ],
)
def test_what_does_not_fit_is_named(make, match):
    with pytest.raises(ValueError, match=match):
        make()

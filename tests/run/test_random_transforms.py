"""Random transforms of the data draw anew in every epoch of a run, and the same again for the same seed."""

from __future__ import annotations

import numpy as np

import dlcore as dl
from dlcore.gluon.data import ArrayDataset
from dlcore.gluon.data.vision import transforms
from dlcore.run._data import batches


def epoch(number: int, seed: int = 3, start: int = 0) -> np.ndarray:
    """What a run sees in one epoch of eight equal pictures that are shifted at random, in batches of two."""
    pictures = np.tile(np.arange(144, dtype="uint8").reshape(1, 12, 12, 1), (8, 1, 1, 1))
    shift = transforms.Compose([transforms.RandomCrop(12, pad=5), transforms.ToTensor()])
    data = ArrayDataset(pictures, np.arange(8, dtype="int32"))
    data = data.transform_first(lambda x: shift(dl.nd.array(x, dtype="uint8")))
    walk = batches(data, batch=2, train=True, seed=seed)
    return np.concatenate([batch.x.asnumpy() for batch in walk.epoch(number, start)])


def test_every_epoch_draws_anew_and_a_seed_decides() -> None:
    first = epoch(1)
    assert len({picture.tobytes() for picture in first}) > 4  # and samples differ from each other
    both = {picture.tobytes() for picture in first} & {picture.tobytes() for picture in epoch(2)}
    assert len(both) < 3  # of 121 places for each
    np.testing.assert_array_equal(first, epoch(1))
    assert not np.array_equal(first, epoch(1, seed=4))


def test_an_epoch_that_is_begun_in_the_middle_draws_as_the_whole_one() -> None:
    np.testing.assert_array_equal(epoch(2)[4:], epoch(2, start=4))

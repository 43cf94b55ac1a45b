"""Checkpoints of a training loop of one's own: all that the next step depends on, in one file."""

from __future__ import annotations

import json
import os
from typing import Any

import numpy as np

from dlcore import _core
from dlcore.io import load_arrays, load_metadata, save_arrays

from . import _saving, _trainer_states
from ._block import Block
from .data._sampler import is_count
from .trainer import Trainer

_FORMAT = "dlcore.checkpoint"
_NET, _TRAINER, _AVERAGE = "net/", "trainer/", "average/"


def save_checkpoint(
    path: str | os.PathLike[str],
    net: Block,
    trainer: Trainer | None = None,
    loader: Any = None,
    average: Any = None,
    **extra: Any,
) -> str:
    """Write weights, running statistics, optimizer, schedule, random state and the place in the data to one file.

    loader: a `DataLoader`, or anything else with `state()` and `load_state(state)`; saved in the middle of a pass, the
    pass goes on after the batch that was handed out last. average: a `WeightAverage`. extra: anything JSON holds (the
    number of the epoch, the best score so far); `load_checkpoint` gives it back.
    The file (safetensors, numbers in its header) appears whole or not at all: whoever is killed at any moment has the
    one before. Random numbers are those of `dlcore.random`; of other generators nothing is kept.
    Gives the path. TypeError for an extra that JSON cannot hold.

    >>> import tempfile, dlcore as dl
    >>> from dlcore.gluon.data import DataLoader
    >>> def fresh():
    ...     net = dl.gluon.nn.Dense(1, in_units=2)
    ...     net.initialize()
    ...     trainer = dl.gluon.Trainer(net.collect_params(), "adam")
    ...     return net, trainer, DataLoader(dl.nd.ones((6, 2)), batch_size=2, shuffle=True)
    >>> net, trainer, loader = fresh()
    >>> for number, x in enumerate(loader):
    ...     with dl.autograd.record():
    ...         loss = net(x).sum()
    ...     loss.backward()
    ...     trainer.step(2)
    ...     if number == 0:
    ...         file = save_checkpoint(tempfile.mkdtemp() + "/state", net, trainer, loader, epoch=0)
    >>> again, its_trainer, its_loader = fresh()
    >>> load_checkpoint(file, again, its_trainer, its_loader)
    {'epoch': 0}
    >>> for x in its_loader:  # the two batches that are left
    ...     with dl.autograd.record():
    ...         loss = again(x).sum()
    ...     loss.backward()
    ...     its_trainer.step(2)
    >>> bool((again.weight.data() == net.weight.data()).all())
    True
    """
    arrays = {_NET + name: parameter.held() for name, parameter in net.collect_params().items()}
    told: dict[str, Any] = {"random": [int(n) for n in _core.rng_state()], "extra": extra}
    if trainer is not None:
        told["trainer"] = _trainer_states.about(trainer)
        arrays.update({_TRAINER + name: array for name, array in _trainer_states.arrays(trainer).items()})
    if loader is not None:
        told["loader"] = loader.state()
    if average is not None:
        arrays.update({_AVERAGE + name: array for name, array in average.state().items()})
    try:
        text = json.dumps(told)
    except (TypeError, ValueError) as error:
        raise TypeError(f"save_checkpoint: JSON cannot hold what is to be kept: {error}") from error
    save_arrays(path, arrays, {"format": _FORMAT, "state": text})
    return os.fspath(path)


def load_checkpoint(
    path: str | os.PathLike[str],
    net: Block,
    trainer: Trainer | None = None,
    loader: Any = None,
    average: Any = None,
) -> dict[str, Any]:
    """Go on from a file of `save_checkpoint`, to the same bits; gives what was kept as `extra`.

    The network, trainer, loader and average are made as before, then this writes into them; what is not given is left
    out of account. The next pass over `loader` yields the batches that were left of the saved one.
    FileNotFoundError, or ValueError for a damaged file or one that does not fit, saying where: nothing is changed then.
    See `save_checkpoint` for one in the middle of an epoch.

    >>> import tempfile, dlcore as dl
    >>> net = dl.gluon.nn.Dense(1, in_units=2)
    >>> net.initialize()
    >>> file = save_checkpoint(tempfile.mkdtemp() + "/state", net, epoch=3)
    >>> before = net.weight.data().copy()
    >>> net.weight.set_data(dl.nd.zeros((1, 2)))
    >>> load_checkpoint(file, net), bool((net.weight.data() == before).all())
    ({'epoch': 3}, True)
    """
    where = os.fspath(path)
    header, arrays = load_metadata(path), load_arrays(path)
    if header.get("format") != _FORMAT:
        raise ValueError(f"{where}: not a checkpoint")
    told = _trainer_states.read_json(header.get("state"), where)
    random = told.get("random")
    if not isinstance(random, list) or len(random) != 2 or not all(map(is_count, random)):
        raise ValueError(f"{where}: damaged: its random state cannot be read")
    extra = told.get("extra")
    if not isinstance(extra, dict):
        raise ValueError(f"{where}: damaged: what was kept beside the arrays cannot be read")
    parameters, weights = net.collect_params(), _part(arrays, _NET)
    _saving.check(where, parameters, weights)
    if trainer is not None:
        if not isinstance(told.get("trainer"), dict):
            raise ValueError(f"{where}: made without a trainer")
        values = {id(parameters[name]): array for name, array in weights.items()}
        _trainer_states.check(trainer, told["trainer"], _part(arrays, _TRAINER), where, values)
    before = None if loader is None else _load_place(loader, told.get("loader"), where)
    try:
        if average is not None:
            average.load_state(_part(arrays, _AVERAGE))
    except ValueError as error:
        if loader is not None:
            loader.load_state(before)
        raise ValueError(f"{where}: {error}") from error
    _saving.load(where, parameters, weights)
    if trainer is not None:
        _trainer_states.write(trainer, told["trainer"], _part(arrays, _TRAINER))
    _core.set_rng_state((random[0], random[1]))
    return extra


def _part(arrays: dict[str, np.ndarray], prefix: str) -> dict[str, np.ndarray]:
    return {name.removeprefix(prefix): array for name, array in arrays.items() if name.startswith(prefix)}


def _load_place(loader: Any, state: Any, where: str) -> Any:
    """Put the loader where the file says; gives its state before."""
    if not isinstance(state, dict):
        raise ValueError(f"{where}: made without a loader")
    before = loader.state()
    try:
        loader.load_state(state)
    except (KeyError, TypeError, ValueError) as error:
        loader.load_state(before)
        raise ValueError(f"{where}: {error}") from error
    return before

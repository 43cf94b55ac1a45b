"""The best network of a search on disk: its weights, beside the journal, so that a restart need not train it again."""

from __future__ import annotations

import hashlib
import re
import threading
import warnings
from collections.abc import Callable
from typing import Any

from dlcore.io import load_arrays, load_metadata, save_arrays
from dlcore.parallel._ship import restore

from ._journal import Journal, weights_of
from ._trial import Trial

FORMAT = "dlcore.best"


class BestNetwork:
    """One file, which each better network replaces whole. It names the search and the trial that it belongs to."""

    def __init__(self, journal: Journal, search: str) -> None:
        self._journal, self._search = journal, search
        self._lock = threading.Lock()
        self._told = False

    def write(self, trial: Trial, still: Callable[[], bool]) -> None:
        """Keep the network of a trial, if `still` says that it is the best.

        What cannot be written is trained again after a restart; a disk that is full is told once.
        """
        with self._lock:
            net = trial.net
            if net is None or not self._journal.open or not still():
                return
            about = {**self._about(trial), "network": _digest(net)}
            try:
                arrays = {name: parameter.data() for name, parameter in net.collect_params().items()}
                save_arrays(weights_of(self._journal.path), arrays, about)
            except Exception as error:  # no room, or a dtype that no file has: the search goes on
                if not self._told:
                    self._told = True
                    text = f"the best network is not kept on disk: {type(error).__name__}: {error}"
                    warnings.warn(f"{text}; after a restart it is trained again", RuntimeWarning, stacklevel=2)

    def read(self, trial: Trial, make: Callable[[], Any]) -> Any:
        """The network that `make` gives, with the weights of a trial; None where they are not there."""
        path = weights_of(self._journal.path)
        try:
            found = load_metadata(path)
            if found != {**self._about(trial), "network": found.get("network")}:
                return None
            net, arrays = make(), load_arrays(path)
            if set(net.collect_params()) != set(arrays):
                return None
            restore(net, arrays)
            same = all(
                parameter.data().shape == arrays[name].shape and parameter.data()._dtype_name == arrays[name].dtype.name
                for name, parameter in net.collect_params().items()
            )
        except Exception:  # a damaged file, or a cell that makes another network now: it is trained again
            return None
        return net if same and _digest(net) == found["network"] else None

    def _about(self, trial: Trial) -> dict[str, str]:
        return {"format": FORMAT, "search": self._search, "trial": str(trial.number)}


def _digest(net: Any) -> str:
    """What tells networks with the same parameters apart, as far as they say it of themselves."""
    return hashlib.sha256(re.sub(r"0x[0-9a-f]+", "", repr(net)).encode()).hexdigest()

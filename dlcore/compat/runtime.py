"""`mxnet.runtime`: what this library was built with and can do here.

>>> Features().is_enabled("ONEDNN"), "CUDA" in Features()
(True, True)
"""

from __future__ import annotations

import importlib.util

from dlcore import _answers
from dlcore.array import num_gpus

__all__ = ["Feature", "Features", "feature_list"]


class Feature:
    """One thing that a build may have: its name, and whether it does.

    >>> Feature("F16C", True)
    [✔ F16C]
    """

    def __init__(self, name: str, enabled: bool) -> None:
        self.name, self.enabled = name, enabled

    def __repr__(self) -> str:
        return f"[{'✔' if self.enabled else '✖'} {self.name}]"


def _there(module: str) -> bool:
    return importlib.util.find_spec(module) is not None


def feature_list() -> list[Feature]:
    """All features. CUDA, CUDNN and NCCL are there where a GPU can be used, OPENCV never (Pillow decodes pictures).

    >>> [f.name for f in feature_list()][:3]
    ['CUDA', 'CUDNN', 'NCCL']
    """
    gpu = num_gpus() > 0
    found = {
        "CUDA": gpu,
        "CUDNN": gpu,
        "NCCL": gpu,
        "TENSORRT": False,
        "ONEDNN": True,
        "MKLDNN": True,  # the name that oneDNN had
        "LAPACK": True,
        "F16C": True,
        "INT64_TENSOR_SIZE": True,
        "DIST_KVSTORE": _there("mpi4py"),
        "OPENCV": False,
        "PILLOW": _there("PIL"),
        "SIGNAL_HANDLER": False,
    }
    return [Feature(name, enabled) for name, enabled in found.items()]


class Features(dict[str, Feature]):
    """The features by name.

    >>> Features().is_enabled("TENSORRT")
    False
    """

    def __init__(self) -> None:
        super().__init__({feature.name: feature for feature in feature_list()})

    def is_enabled(self, feature_name: str) -> bool:
        """Whether a feature is there; RuntimeError for one that is not known."""
        name = feature_name.upper()
        if name not in self:
            raise RuntimeError(f"Features.is_enabled: feature {feature_name!r} is unknown; known are {', '.join(self)}")
        return self[name].enabled

    def __repr__(self) -> str:
        return str(list(self.values()))


_answers.guard(__name__, __all__)

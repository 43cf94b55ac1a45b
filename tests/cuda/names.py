"""The calls of the tables of dlcore.np's tests on a pretended GPU: the same numbers as NumPy's, and they stay there."""

from __future__ import annotations

import sys
import warnings
from pathlib import Path
from typing import Any

import numpy as np

TESTS = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(TESTS / "cuda"), str(TESTS / "array")]
import pretend  # noqa: E402

GPU = "gpu(0)"


def moved(value: Any, xp: Any) -> Any:
    if isinstance(value, np.ndarray):
        return xp.asarray(value, device=GPU)
    if isinstance(value, list) and value and all(isinstance(v, np.ndarray) for v in value):
        return [moved(v, xp) for v in value]
    return value


def leaves(value: Any) -> list[Any]:
    return [v for part in value for v in leaves(part)] if isinstance(value, (tuple, list)) else [value]


def main() -> int:
    pretend.install()
    import test_linalg
    import test_numpy_names

    from dlcore import np as xp
    from dlcore._core import NDArray

    calls = [(getattr(xp, n), n, getattr(np, n), a, k) for n, a, k in test_numpy_names.CALLS]
    calls += [
        (getattr(xp.linalg, n), n, lambda *a, n=n, **k: test_linalg.numpys(n, a, k), a, k)
        for n, a, k in test_linalg.VALUES
    ]
    failed = ran = 0
    for ours, name, theirs, args, kwargs in calls:
        given = [moved(a, xp) for a in args]
        if not all(
            isinstance(v, NDArray) for v in leaves(given) if not isinstance(v, (int, float, str, slice, type(None)))
        ):
            continue  # lists of numbers have no device
        if not any(isinstance(v, NDArray) for v in leaves(given)) or name == "atleast_2d":
            continue
        ran += 1
        with warnings.catch_warnings(), np.errstate(all="ignore"):
            warnings.simplefilter("ignore")
            want = leaves(theirs(*args, **kwargs))
        try:
            got = leaves(ours(*given, **{k: moved(v, xp) for k, v in kwargs.items()}))
            for g, w in zip(got, want, strict=True):
                assert not isinstance(g, NDArray) or g._device == GPU or name.endswith("_from"), (
                    f"a result is on {g._device}"
                )
                np.testing.assert_allclose(g.asnumpy() if isinstance(g, NDArray) else g, w, rtol=1e-5, atol=1e-5)
        except Exception as error:  # noqa: BLE001 - told, with all others
            failed += 1
            print(f"{name}: {type(error).__name__}: {error}")
    print(f"{ran - failed} of {ran} calls agree")
    return 1 if failed else 0


if __name__ == "__main__":
    raise SystemExit(main())

"""``%show_batch DATA``: the first samples of a data set with their labels."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from .errors import WRONG, refusal
from .options import Words, forget, offer
from .pictures import show_as_picture
from .train_options import read_data

if TYPE_CHECKING:
    from IPython.core.interactiveshell import InteractiveShell

WORDS = Words("show_batch", "DATA", {"count": ("count", "N")})
COUNT = 16


@dataclass
class ShownBatch:
    """The samples of a batch; `shape` and `dtype` are those of one sample."""

    name: str
    samples: Any = field(repr=False)
    titles: list[str]
    low: float
    high: float

    def __repr__(self) -> str:
        size = "x".join(map(str, self.samples.shape[1:])) or "one number"
        text = f"{len(self.samples)} samples of {self.name}: {size} {self.samples.dtype}"
        return f"{text}, values from {self.low:.4g} to {self.high:.4g}\nlabels: {', '.join(self.titles)}"


def register(ip: InteractiveShell) -> None:
    """Give the shell the magic."""

    def show_batch(line: str) -> Any:
        """Show the first samples of a data set with their labels, as training gets them.

        %show_batch DATA [--count N]

        DATA is a data set, a loader, samples,labels (two arrays of the notebook), or mnist.

        Example: %show_batch mnist
        Python: x, y = next(iter(dl.gluon.data.DataLoader(data, batch_size=16)))
        """
        return show(ip, line)

    ip.register_magic_function(show_batch, "line", "show_batch")  # type: ignore[arg-type]
    offer(ip, WORDS)
    show_as_picture(ip, __name__, "ShownBatch", "batch")


def unregister(ip: InteractiveShell) -> None:
    """Take the completion back."""
    forget(ip, WORDS.magic)


def show(ip: InteractiveShell, line: str) -> ShownBatch:
    """What the magic does."""
    from dlcore.interpret import batch_of

    (name,), given = WORDS.read(line, ip.user_ns)
    data = read_data("data", name, ip.user_ns, "%show_batch")
    try:
        x, y = batch_of(data, given.get("count", COUNT))
    except WRONG as error:
        raise refusal("%show_batch", error) from error
    samples, labels = x.asnumpy(), y.asnumpy()
    titles = (
        [f"{label:.4g}" if labels.dtype.kind == "f" else str(label) for label in labels] if labels.ndim == 1 else []
    )
    titles = titles or [f"label {'x'.join(map(str, labels.shape[1:]))}"] * len(samples)
    return ShownBatch(name, samples, titles, float(samples.min()), float(samples.max()))

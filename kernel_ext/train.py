"""``%train NET --data train`` and ``%%train NET``, whose body computes the loss: train with a live chart."""

from __future__ import annotations

from types import TracebackType
from typing import TYPE_CHECKING, Any

from dlcore._hooks import HOOKS

from .errors import CleanError
from .train_loss import compile_loss
from .train_options import parse

if TYPE_CHECKING:
    from IPython.core.interactiveshell import InteractiveShell

    from dlcore.run import Run

SHOW = "run.show"


def register(ip: InteractiveShell) -> None:
    """Give the shell the magic, and `dlcore.run.train` the live chart; doing so twice changes nothing."""

    def train(line: str, cell: str | None = None) -> Run:
        """Train a network and return the run.

        %train NET --data DATA [--val DATA] [--epochs N] [--batch N] [--optimizer NAME] [--lr X] [--momentum X]
                   [--wd X] [--loss NAME] [--metric NAME] [--seed N] [--workers N] [--name TEXT] [--background]

        DATA is a data set, a loader, samples,labels (two arrays of the notebook), or mnist. The cell waits for the
        end unless --background is given; its interrupt ends the training between two steps. As %%train, the cell's
        body computes `loss` from the batch `x`, `y`.
        """
        return start(ip, line, cell)

    ip.register_magic_function(train, "line_cell", "train")
    HOOKS[SHOW] = f"{__name__}:show_run"


def unregister(ip: InteractiveShell) -> None:
    """Let `dlcore.run.train` show runs as it does outside a notebook."""
    HOOKS.pop(SHOW, None)


def start(ip: InteractiveShell, line: str, cell: str | None = None) -> Run:
    """What the magic does: read the line, train, and show an error as its own text or from the user's line on."""
    from dlcore import run

    request = parse(line, ip.user_ns, "%train" if cell is None else "%%train")
    if cell is not None:
        if "loss" in request.arguments:
            raise CleanError("%%train: the cell computes the loss, so --loss cannot be given as well")
        request.arguments["loss"] = compile_loss(ip, line, cell)
    background = request.arguments.pop("background", False)
    try:
        started = run.train(request.net, background=True, **request.arguments)
    except (TypeError, ValueError, RuntimeError) as error:
        if error.__traceback__ is None or _outside(error.__traceback__):
            raise
        raise CleanError(str(error)) from error
    if background:
        return started
    try:
        return run.wait(started)
    except Exception as error:
        if error is started.exception:
            _render_from(ip, error, started.traceback)
        raise


def show_run(run: Run) -> Any:
    """Display a run live: the chart where widgets can be shown, lines of text elsewhere."""
    from IPython import get_ipython

    from dlcore.run import TextProgress

    if getattr(get_ipython(), "kernel", None) is None:
        return TextProgress(run)
    try:
        from dlcore.widgets.loss_chart import show
    except ImportError as error:
        print(f"no live chart: {error}")
        return TextProgress(run)
    return show(run)


def _outside(trace: TracebackType) -> bool:
    """Whether an error went through code that is neither dlcore's nor that of the magic, such as a user's block."""
    below = trace.tb_next
    while below is not None:
        if not str(below.tb_frame.f_globals.get("__name__", "")).startswith("dlcore."):
            return True
        below = below.tb_next
    return False


def _render_from(ip: InteractiveShell, error: Exception, trace: TracebackType | None) -> None:
    """Have IPython show `error` from the user's line on; the way from the cell to there is our own."""

    def render() -> list[str]:
        return ip.InteractiveTB.structured_traceback(type(error), error, trace, tb_offset=0)

    error._render_traceback_ = render  # type: ignore[attr-defined]

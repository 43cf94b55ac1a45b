"""``%train NET --data train`` and ``%%train NET``, whose body computes the loss: train with a live chart."""

from __future__ import annotations

from collections.abc import Mapping
from types import TracebackType
from typing import TYPE_CHECKING, Any
from weakref import WeakSet

from dlcore._hooks import HOOKS

from .errors import WRONG, CleanError
from .tracebacks import counted, is_ours, show_from
from .train_completion import complete
from .train_loss import FUNCTION, compile_loss
from .train_options import parse
from .train_room import Disk, make_room

if TYPE_CHECKING:
    from IPython.core.interactiveshell import InteractiveShell

    from dlcore.run import Run

SHOW = "run.show"
_printing: WeakSet[Run] = WeakSet()  # the runs whose lines a terminal gets
MATCHER = "dlcore.train"


def register(ip: InteractiveShell) -> None:
    """Give the shell the magic and its completion, and `dlcore.run.train` the live chart; twice changes nothing."""
    from IPython.core.completer import context_matcher

    def train(line: str, cell: str | None = None) -> Run:
        """Train a network and return the run.

        %train NET --data DATA [--val DATA] [--epochs N] [--batch N] [--optimizer NAME] [--lr X] [--momentum X]
                   [--wd X] [--clip X] [--loss NAME] [--metric NAME] [--seed N] [--workers N] [--patience N]
                   [--schedule NAME] [--name TEXT] [--resume] [--imperative] [--background]

        DATA is a data set, a loader, samples,labels (two arrays of the notebook), or mnist. The cell waits for the
        end unless --background is given; its interrupt ends the training between two steps. As %%train, the cell's
        body computes `loss` from the batch `x`, `y`. A run that is still training NET is stopped first. --resume goes
        on from the last snapshot on disk, as after a restart of the kernel. --imperative runs each step as it is
        written, for networks and losses that look at numbers. In Python: dlcore.run.train(net, data).
        """
        return start(ip, line, cell)

    ip.register_magic_function(train, "line_cell", "train")  # type: ignore[arg-type]

    @context_matcher(identifier=MATCHER)
    def train_matcher(context: Any) -> dict[str, Any]:
        return match(context, ip.user_ns)

    unregister(ip)
    ip.Completer.custom_matchers.append(train_matcher)
    HOOKS[SHOW] = f"{__name__}:show_run"


def unregister(ip: InteractiveShell) -> None:
    """Take the completion back, and let `dlcore.run.train` show runs as it does outside a notebook."""
    matchers = ip.Completer.custom_matchers
    matchers[:] = [m for m in matchers if getattr(m, "matcher_identifier", None) != MATCHER]
    HOOKS.pop(SHOW, None)


def match(context: Any, namespace: dict[str, Any]) -> dict[str, Any]:
    """IPython's question for completions, answered only on a line of %train."""
    from IPython.core.completer import SimpleCompletion

    line = context.full_text.split("\n")[context.cursor_line][: context.cursor_position]
    word, offers = complete(line, namespace)
    completions = [SimpleCompletion(text=offer, type="magic") for offer in offers]
    return {"completions": completions, "suppress": bool(completions), "ordered": True, "matched_fragment": word}


def start(ip: InteractiveShell, line: str, cell: str | None = None) -> Run:
    """What the magic does: read the line, train, and show an error as its own text or from the user's line on."""
    from dlcore import run

    request = parse(line, ip.user_ns, "%train" if cell is None else "%%train")
    if cell is not None:
        if "loss" in request.arguments:
            raise CleanError("%%train: the cell computes the loss, so --loss cannot be given as well")
        request.arguments["loss"] = compile_loss(ip, line, cell)
    background = request.arguments.pop("background", False)
    make_room(request.net)
    disk = Disk(request.arguments["name"], "workers" in request.arguments)
    request.arguments.update(disk.arguments(request.arguments.pop("resume", False)))
    try:
        started = run.train(request.net, background=True, **request.arguments)
    except WRONG as error:
        if error.__traceback__ is None or _outside(error.__traceback__):
            raise
        raise CleanError(str(error)) from error
    if started.recipe is not None:
        started.recipe.rename(request.words)
        if cell is not None:
            started.recipe.words["loss"] = FUNCTION
            started.recipe.before = request.arguments["loss"].written
    if background:
        return started
    try:
        return run.wait(started)
    except Exception as error:
        if error is started.exception:
            show_from(ip, error, started.traceback, f"in the run {started.name}, after {counted(started.step, 'step')}")
        raise


def show_run(run: Run, beside: Mapping[str, Run] | None = None) -> Any:
    """Display a run live, with others beside it: the chart where widgets can be shown, lines of text elsewhere."""
    from IPython import get_ipython

    from dlcore.run import TextProgress

    if getattr(get_ipython(), "kernel", None) is None:
        return _as_text([run, *(beside or {}).values()])
    try:
        from dlcore.widgets.loss_chart import show
    except ImportError as error:
        print(f"no live chart: {error}")
        return TextProgress(run)
    return show(run, beside)


def _as_text(runs: list[Run]) -> None:
    """Lines for a terminal: how those runs stand that print lines already or have ended; the lines of the others."""
    from dlcore.run import TextProgress
    from dlcore.run._text import curve_line

    for run in runs:
        if run in _printing or run.ended:
            print("\n".join(line for line in (curve_line(run), repr(run)) if line))
        if run not in _printing:
            _printing.add(run)
            TextProgress(run)


def _outside(trace: TracebackType) -> bool:
    """Whether an error went through code that is neither dlcore's nor that of the magic, such as a user's block."""
    below = trace.tb_next
    while below is not None and is_ours(below):
        below = below.tb_next
    return below is not None

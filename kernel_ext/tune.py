"""``%%tune NET``: a search over the marks that are written in the cell."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from dlcore._hooks import HOOKS

from . import tune_room
from .errors import CleanError
from .options import Words, forget, offer
from .tracebacks import counted, show_from
from .tune_cell import compile_cell

if TYPE_CHECKING:
    from IPython.core.interactiveshell import InteractiveShell

    from dlcore.tune import Search

SHOW = "tune.show"
TRAINING = {
    "data": ("data", "DATA"),
    "val": ("data", "DATA"),
    "epochs": ("count", "N"),
    "batch": ("count", "N"),
    "optimizer": ("word", "NAME"),
    "lr": ("number", "X"),
    "momentum": ("number", "X"),
    "wd": ("number", "X"),
    "loss": ("function", "NAME"),
    "metric": ("word", "NAME"),
}
SEARCH = {
    "trials": ("count", "N"),
    "goal": ("word", "NAME"),
    "workers": ("count", "N"),
    "processes": ("flag", ""),
    "sampler": ("one of tpe random", "NAME"),
    "prune": ("one of median hyperband none", "NAME"),
    "seed": ("whole", "N"),
    "resume": ("flag", ""),
    "background": ("flag", ""),
}
WORDS = Words("%tune", "NET", {**TRAINING, **SEARCH}, 0, 1)


def register(ip: InteractiveShell) -> None:
    """Give the shell the magic and its completion, and `dlcore.tune.search` the live picture."""
    from IPython.core.magic import no_var_expand

    @no_var_expand
    def tune(line: str, cell: str) -> Search:
        """Search for the settings that train best, with a live picture; returns the search.

        %%tune NET [--data DATA] [--val DATA] [--trials N] [--epochs N] [--goal NAME] [--workers N] [--processes]
                   [--sampler tpe|random] [--prune median|hyperband|none] [--seed N] [--resume]
                   [--background]
                   [--batch N] [--optimizer NAME] [--lr X] [--momentum X] [--wd X] [--loss NAME] [--metric NAME]
        lr = log(1e-4, 1e-1)           any number, every power of ten as likely
        width = choice(32, 64, 128)    one of these
        rate = uniform(0, 0.5)         any number
        depth = int(1, 3)              a whole number
        NET = ...                      the network of these values

        Every trial runs the cell with values in the place of the marks, and trains NET. What the cell assigns to lr,
        wd, momentum, batch, optimizer, loss, metric, epochs, clip, patience, schedule, data or val is used for it.
        Trials that are worse than the others were are ended early. Afterwards NET is the network of the best trial, and
        NET_search the search: net_search.frame(), .best, .importance(), .best_code(); %attach net_search shows it live
        again, to continue or to try values by hand. Without NET the cell assigns `score`, which should be small.
        A search is kept on disk while it goes on. After a restart of the kernel the same cell with --resume goes on
        with the trials that are there, until there are as many as --trials says in all; its best network is there too.
        Optuna proposes: pip install 'dlcore[tune]'

        Python: found = dl.tune.search(make, {"lr": dl.tune.log(1e-4, 1e-1)}, data, val, trials=20)
        """
        return start(ip, line, cell)

    ip.magics_manager.register_function(tune, magic_kind="cell", magic_name="tune")
    offer(ip, WORDS)
    HOOKS[SHOW] = f"{__name__}:show_search"


def unregister(ip: InteractiveShell) -> None:
    """Take the completion back, and let `dlcore.tune.search` show nothing."""
    forget(ip, WORDS.magic)
    HOOKS.pop(SHOW, None)


def start(ip: InteractiveShell, line: str, cell: str) -> Search:
    """What the magic does: read line and cell, search, bind the best network."""
    from dlcore import tune

    plain, given = WORDS.read(line, ip.user_ns)
    net = plain[0] if plain else None
    if net is not None and not net.isidentifier():
        raise CleanError(f"%%tune: {net} is no name for a network\n{WORDS.usage}")
    for word in ("optimizer", "metric"):
        held = ip.user_ns.get(given.get(word))
        if hasattr(held, "set_knob") or hasattr(held, "get_name_value"):
            given[word] = held
    written = compile_cell(ip, line, cell, net)
    background = given.pop("background", False)
    kept = tune_room.arguments(net or "score", given.pop("resume", False))
    if net is None:
        given = {"maximize": False, **given}
    try:
        found = tune_room.search(kept, written.make, written.marks, name=net or "score", background=True, **given)
    except (TypeError, ValueError, ImportError, RuntimeError) as error:
        raise CleanError(f"%%tune: {str(error).removeprefix('search: ')}") from error
    found.code = written.code
    ip.push({f"{found.name}_search": found})
    if net is not None:
        found.add_listener(lambda search: _bind(ip, net, search))
        _bind(ip, net, found)  # one that goes on with nothing left to do has ended already
    if background:
        return found
    try:
        return tune.wait(found)
    except Exception as error:
        if error is found.exception:
            place = f"in the search {found.name}, after {counted(len(found.trials), 'trial')}"
            show_from(ip, error, error.__traceback__, f"{place}; {found.name}_search holds them")
        raise


def _bind(ip: InteractiveShell, name: str, search: Search) -> None:
    """When nothing runs any more, the notebook's name is that of the best network."""
    best = search.best
    if search.ended and best is not None and best.net is not None:
        ip.push({name: best.net})


def show_search(search: Search) -> Any:
    """Display a search live: the picture where widgets can be shown, lines of text elsewhere."""
    from IPython import get_ipython

    from dlcore.tune import TextTrials

    if getattr(get_ipython(), "kernel", None) is None:
        if search.ended:
            print(search)
        return TextTrials(search)
    try:
        from dlcore.widgets.tuner import show
    except ImportError as error:
        print(f"no live picture: {error}")
        return TextTrials(search)
    return show(search)

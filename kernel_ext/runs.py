"""``%runs`` lists the training runs of this kernel, ``%attach RUN`` shows the live chart of one again."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from .errors import CleanError, did_you_mean
from .options import Words, forget, offer

if TYPE_CHECKING:
    from IPython.core.interactiveshell import InteractiveShell

    from dlcore.run import Run


ATTACH = Words("attach", "RUN", {}, 0)


def register(ip: InteractiveShell) -> None:
    """Give the shell both magics and their completion."""

    def runs(line: str = "") -> Runs:
        """%runs - the training runs of this kernel: name, state, step, last loss. In Python: dlcore.run.runs()."""
        if line.strip():
            raise CleanError(f"%runs: it takes no words, got {line.strip()}; %attach RUN shows one run")
        return Runs(named(ip.user_ns))

    def attach(line: str = "") -> None:
        """%attach RUN [RUN ...] - the live chart of a run, by its variable, its name or its number in %runs.

        The curves of further runs are drawn beside it, to compare.

        %attach net_search - the live picture of a search of %%tune. After a restart of the kernel, the curve of a run
        that was cut off: %attach net.
        """
        from .tune import show_search

        held = ip.user_ns.get(line.strip())
        if type(held).__module__ == "dlcore.tune._search":
            show_search(held)
        else:
            show(line.split(), ip.user_ns)

    ip.register_magic_function(runs, "line", "runs")  # type: ignore[arg-type]
    ip.register_magic_function(attach, "line", "attach")  # type: ignore[arg-type]
    offer(ip, ATTACH)


def unregister(ip: InteractiveShell) -> None:
    """Take the second one back, and its completion; the first bears the file's name."""
    forget(ip, ATTACH.magic)
    for magics in ip.magics_manager.magics.values():
        magics.pop("attach", None)


def show(words: list[str], namespace: Mapping[str, Any]) -> None:
    """The chart of a run with others beside it, or the curve of one that an earlier kernel left on disk."""
    from .train import show_run
    from .train_room import described, left_behind

    word, others = (words or [""])[0], words[1:]
    left = [one for one in left_behind() if one.name == word]
    if not left or word in [run.name for _, run in named(namespace)]:
        show_run(find(word, namespace), {other: find(other, namespace) for other in others})
        return
    from IPython.display import display

    print(f"{described(left[0])} is on disk; %train {word} ... --resume goes on from there")
    run = left[0].run()
    data: dict[str, Any] = {"text/plain": repr(run)}
    metadata = {}
    if run.history.names():
        try:
            from dlcore.widgets.loss_chart import png
        except ImportError:
            pass  # without the packages that draw, the text stays
        else:
            data["image/png"], metadata["image/png"] = png(run)
    display(data, metadata=metadata, raw=True)


def named(namespace: Mapping[str, Any]) -> list[tuple[str, Run]]:
    """The runs, oldest first, each with the variable of the notebook that holds it (or nothing)."""
    from dlcore.run import runs

    holders = {id(value): name for name, value in reversed(list(namespace.items())) if not name.startswith("_")}
    return [(holders.get(id(run), ""), run) for run in runs()]


def find(word: str, namespace: Mapping[str, Any]) -> Run:
    """The run of that variable, name or number; the newest of several. CleanError where there is none."""
    from dlcore.run import Run

    if isinstance(namespace.get(word), Run):
        return namespace[word]
    listed = named(namespace)
    if not listed:
        raise CleanError("%attach: no run was started in this kernel yet")
    if not word:
        return listed[-1][1]
    if word.isdecimal() and 1 <= int(word) <= len(listed):
        return listed[int(word) - 1][1]
    for _, run in reversed(listed):
        if run.name == word:
            return run
    names = [*(name for name, _ in listed if name), *(run.name for _, run in listed)]
    known = f"; there are {', '.join(dict.fromkeys(names))}"
    raise CleanError(f"%attach: there is no run {word}{did_you_mean(word, names) or known}")


class Runs:
    """The list as a table."""

    HEAD = ("", "variable", "name", "state", "step", "loss", "samples/s")

    def __init__(self, listed: list[tuple[str, Run]]) -> None:
        self.rows = [self._row(number, *pair) for number, pair in enumerate(listed, 1)]

    @staticmethod
    def _row(number: int, variable: str, run: Run) -> tuple[str, ...]:
        loss = run.history.last("loss")
        of = "" if run.steps_total is None else f" of {run.steps_total:,}"
        speed = "" if run.ended else f"{run.samples_per_second:,.0f}"
        return (
            str(number),
            variable,
            run.name,
            run.state,
            f"{run.step:,}{of}",
            "" if loss is None else f"{loss:.4g}",
            speed,
        )

    def __repr__(self) -> str:
        if not self.rows:
            return "no run was started in this kernel yet"
        table = [self.HEAD, *self.rows]
        widths = [max(len(row[column]) for row in table) for column in range(len(self.HEAD))]
        return "\n".join(
            "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in table
        )

    def _repr_html_(self) -> str:
        from html import escape

        if not self.rows:
            return f"<p>{self!r}</p>"
        head = "".join(f"<th>{escape(cell)}</th>" for cell in self.HEAD)
        body = "".join("<tr>" + "".join(f"<td>{escape(cell)}</td>" for cell in row) + "</tr>" for row in self.rows)
        return f"<table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>"

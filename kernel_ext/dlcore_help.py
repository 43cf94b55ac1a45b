"""``%dlcore``: every magic with what it does, one example, and the same in Python."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .errors import CleanError
from .tables import TextTable

if TYPE_CHECKING:
    from IPython.core.interactiveshell import InteractiveShell

# (magic, what it does, example, the same in Python)
EXAMPLES = (
    ("%%network", "build a network from text", "%%network lenet", 'language.make("input 784\\ndense 10")'),
    ("%graph", "draw a network as a flowchart", "%graph lenet", 'explore(lenet).mermaid()'),
    ("%summary", "layers, shapes, parameters", "%summary lenet", "lenet.summary((1, 1, 28, 28))"),
    ("%train", "train with a live chart", "%train lenet --data mnist", 'dl.run.train(lenet, "mnist")'),
    ("%%tune", "search for the best settings", "%%tune net --data train", "dl.tune.search(make, space, train)"),
    ("%runs", "the runs of this kernel", "%runs", "dl.run.runs()"),
    ("%attach", "show a run again", "%attach lenet", "dl.run.runs()[-1]"),
    ("%%parallel", "run a cell in several processes", "%%parallel --workers 2", "dl.run.train(..., workers=2)"),
    ("%mxnet", "run old code with `import mxnet`", "%mxnet", "dl.compat.install()"),
    ("%explore", "look inside, live", "%explore lenet --data mnist", 'explore(lenet, data="mnist")'),
    ("%diagram", "edit a network as a picture", "%diagram lenet", "language.rewrite(lenet, text)"),
    ("%lr_find", "suggest a learning rate", "%lr_find lenet --data mnist", 'dl.run.lr_find(lenet, "mnist")'),
    ("%show_batch", "the first samples of a data set", "%show_batch mnist", "dl.interpret.batch_of(\"mnist\", 16)"),
    ("%interpret", "what is right, wrong, and why", "%interpret lenet --data mnist",
     'dl.interpret.results(lenet, "mnist")'),
    ("%devices", "processor and GPUs", "%devices", "dl.num_gpus()"),
    ("%monitor", "processors, memory, GPUs, live", "%monitor lenet", "dl.interpret.Machine().read()"),
    ("%memory", "which variables hold arrays", "%memory", "dlcore._core.memory_stats()"),
    ("%profile", "time of each layer, as a trace too", "%profile lenet(x)", "dl.interpret.program(lenet, x)"),
    ("%dlcore", "this list", "%dlcore", "help(dl)"),
)  # fmt: skip


def register(ip: InteractiveShell) -> None:
    """Give the shell the magic."""

    def dlcore(line: str) -> TextTable:
        """List every magic of dlcore with one example and the same in Python. Help on one of them: %train?

        Example: %dlcore
        """
        if line.strip():
            raise CleanError(f"%dlcore lists every magic, and takes no words; help on one of them: %{line.split()[0]}?")
        return table(ip)

    ip.register_magic_function(dlcore, "line", "dlcore")  # type: ignore[arg-type]
    complete_help(ip)


def complete_help(ip: InteractiveShell) -> None:
    """Give each magic's help the example and the Python of the table, where it has none of its own."""
    for magic, _, example, python in EXAMPLES:
        kind = "cell" if magic.startswith("%%") else "line"
        function = ip.magics_manager.magics[kind].get(magic.lstrip("%"))
        if function is None:
            continue
        text = (function.__doc__ or "").rstrip()
        ends = [
            f"{word}: {what}" for word, what in (("Example", example), ("Python", python)) if f"{word}:" not in text
        ]
        if ends:
            function.__doc__ = "\n\n".join([text, "\n".join(ends)]) + "\n"


def unregister(ip: InteractiveShell) -> None:
    """Take the magic back; its module has another name."""
    ip.magics_manager.magics["line"].pop("dlcore", None)


def table(ip: InteractiveShell) -> TextTable:
    """A row for each magic that this shell has."""
    known = ip.magics_manager.magics
    rows = [row for row in EXAMPLES if row[0].lstrip("%") in known["line"] or row[0].lstrip("%") in known["cell"]]
    notes = ["explore is from dlcore.widgets.explorer, language is dlcore.kernel_ext.language; help on one: %train?"]
    return TextTable(("magic", "what it does", "example", "in Python"), [tuple(row) for row in rows], (), notes)

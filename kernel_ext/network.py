"""``%%network NAME``: describe a network in a cell, one layer a line. ``%network NAME`` prints the text again."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from . import views
from .errors import CleanError
from .language import Template, read
from .language.completion import complete
from .language.kinds import shape_text
from .language.parts import network_names
from .language.plan import INPUT
from .language.reference import reference
from .language.source import MAGIC
from .lookup import find_network
from .options import Words, forget, offer

if TYPE_CHECKING:
    from IPython.core.interactiveshell import InteractiveShell

    from .language.builder import Network
    from .language.regrow import Regrown
    from .language.tree import Program


WORDS = Words("network", "NET", {}, 0)  # of %network, which prints the text


def register(ip: InteractiveShell) -> None:
    """Give the shell the magic and its completion; doing so twice changes nothing."""
    from IPython.core.completer import context_matcher
    from IPython.core.magic import no_var_expand

    @no_var_expand
    def network(line: str, cell: str | None = None) -> None:
        if cell is None:
            tell(ip.user_ns, line.strip())
        else:
            define(ip, line, cell)

    network.__doc__ = reference()  # what %%network? shows

    @context_matcher(identifier="dlcore.network")
    def network_matcher(context: Any) -> dict[str, Any]:
        return match(context, ip.user_ns)

    ip.magics_manager.register_function(network, magic_kind="line_cell", magic_name="network")
    unregister(ip)
    views.register(ip)
    ip.Completer.custom_matchers.append(network_matcher)
    offer(ip, WORDS)


def unregister(ip: InteractiveShell) -> None:
    """Take the completion back, and note no longer which cell runs."""
    forget(ip, WORDS.magic)
    views.unregister(ip)
    matchers = ip.Completer.custom_matchers
    matchers[:] = [m for m in matchers if getattr(m, "matcher_identifier", None) != "dlcore.network"]


def tell(namespace: Mapping[str, Any], name: str) -> None:
    """Print the text of a network or of a reusable block; without a name, which there are."""
    if not name:
        print(", ".join(sorted(network_names(namespace))) or "there is no network yet; make one with %%network NAME")
        return
    found = namespace.get(name)
    found = found if isinstance(found, Template) else find_network(namespace, name)
    if not hasattr(found, "to_source"):
        raise CleanError(f"{name} was not made by %%network and has no text; see it with %summary {name}")
    print(found.to_source())


def define(ip: InteractiveShell, line: str, cell: str) -> None:
    """Bind what the cell describes; on a mistake the old binding stays and NetworkError points at the word.

    A cell that was edited and run again changes the network it made before: layers that stay the same keep their
    weights, and pictures of the network follow. Run again as it is, the cell makes a new network.
    """
    program = read(f"{MAGIC} {line}\n{cell}", ip.user_ns, place=cell_name(ip))
    name, views_here = program.name, views.of(ip)
    if program.parameters is not None:
        made = Template(program, ip.user_ns)
        ip.push({name: made})
        print(f"{made.signature}: a reusable block; write: use {name}(...)")
        return
    net, said = remade(ip, program)
    ip.push({name: net})
    if views_here.cell is not None:
        views_here.homes[name] = views_here.cell
    print(f"{name}: {describe(net)}{said}")
    views.tell(ip, name, net)


def remade(ip: InteractiveShell, program: Program) -> tuple[Network, str]:
    """The network of a program: the one that this very cell made before, changed, or else a new one."""
    from .language.builder import Network, build
    from .language.regrow import regrow, same_plan
    from .language.resolve import resolve

    plan = resolve(program, ip.user_ns)
    old, here = ip.user_ns.get(program.name), views.of(ip)
    edited = here.cell is not None and here.homes.get(program.name) == here.cell
    if not (edited and isinstance(old, Network)) or same_plan(old.plan, plan):
        return build(plan), ""
    from dlcore.run import training

    if training(old) is not None:  # that run goes on with the network it has
        return build(plan), ""
    return old, f"\n{told(regrow(old, plan))}"


def told(grown: Regrown) -> str:
    """What an edit kept, in a line."""
    parts = [
        f"{what} {', '.join(names) if len(names) <= 6 else f'{len(names)} layers'}"
        for what, names in (("kept the weights of", grown.kept), ("new:", grown.new))
        if names
    ]
    return "edited; " + "; ".join(parts or ["no layer has weights"])


def cell_name(ip: InteractiveShell) -> str:
    """``Cell In[3]`` while cell 3 runs. The list of inputs tells; the counter is ahead or not, depending on IPython."""
    inputs = ip.user_ns.get("In", [])
    return f"Cell In[{len(inputs) - 1}]" if len(inputs) > 1 else "Cell"


def describe(network: Network) -> str:
    """``1x28x28 -> 10, 421,642 parameters``, or what is known of it before the first batch."""
    from .items import parameter_count

    steps = zip(network.plan.steps, network.shapes, strict=True)
    inputs = [shape for step, shape in steps if step.word == INPUT]
    if None in (*inputs, network.shapes[-1]):
        return "its shapes are taken from the first batch, since it has no input line"
    ends = f"{', '.join(map(shape_text, inputs))} -> {shape_text(network.shapes[-1])}"
    return f"{ends}, {parameter_count(network):,} parameters"


def match(context: Any, namespace: dict[str, Any]) -> dict[str, Any]:
    """IPython's question for completions, answered only in a ``%%network`` cell."""
    from IPython.core.completer import SimpleCompletion

    text = context.full_text
    blank = len(text) - len(text.lstrip())
    if not text[blank:].startswith(MAGIC):
        return {"completions": [], "suppress": False}
    skipped = text[:blank].count("\n")
    offers = complete(text[blank:], context.cursor_line - skipped, context.cursor_position, namespace)
    completions = [SimpleCompletion(text=offer.text, type=offer.kind) for offer in offers]
    inside = context.cursor_line > skipped
    return {"completions": completions, "suppress": inside, "ordered": True}

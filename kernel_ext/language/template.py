"""A reusable block: ``%%network NAME(channels, stride=1)`` binds one; calling it makes a network."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from .plan import Plan, Reusable
from .source import header_text, to_source
from .tree import Program, python_names


class Template(Reusable):
    """Makes a network from values for its parameters.

    ``block(64, stride=2)`` in Python and ``use block(64, stride=2)`` in another network both make a new network with
    parameters of its own. Braces are evaluated at that moment, in the notebook the block was written in.
    """

    def __init__(self, program: Program, namespace: Mapping[str, Any]) -> None:
        if program.parameters is None:
            raise ValueError(f"{program.name} has no parameters and is a network, not a reusable block")
        self.program, self.namespace = program, namespace
        self.__name__ = program.name
        self.__doc__ = f"Makes a network: {header_text(program).split(' ', 1)[1]}"

    def arguments(self, *args: Any, **keywords: Any) -> dict[str, Any]:
        """The value of each parameter; raises TypeError as a Python call would."""
        from .values import Values

        name, parameters = self.program.name, self.program.parameters or ()
        names = [parameter.name for parameter in parameters]
        if len(args) > len(names):
            raise TypeError(f"{name} takes {len(names)} values, not {len(args)}: {self.signature}")
        found = dict(zip(names, args, strict=False))
        for key, value in keywords.items():
            if key not in names:
                raise TypeError(f"{name} has no parameter {key}: {self.signature}")
            if key in found:
                raise TypeError(f"{name} gets {key} twice: {self.signature}")
            found[key] = value
        values = Values(self.program.source, self.namespace, {})
        for parameter in parameters:
            if parameter.name not in found:
                if parameter.default is None:
                    raise TypeError(f"{name} needs a value for {parameter.name}: {self.signature}")
                found[parameter.name] = values.evaluate(parameter.default)
        return {name: found[name] for name in names}

    @property
    def signature(self) -> str:
        """``NAME(channels, stride=1)``."""
        return header_text(self.program).split(" ", 1)[1]

    def plan(self, arguments: Mapping[str, Any], stack: tuple[str, ...] = ()) -> Plan:
        """The plan for these values of the parameters."""
        from .resolve import resolve

        return resolve(self.program, self.namespace, arguments, stack)

    def __call__(self, *args: Any, **keywords: Any) -> Any:
        """A new network; its input shape is taken from the first batch unless the block has an ``input`` line."""
        from .builder import build

        arguments = self.arguments(*args, **keywords)
        return build(self.plan(arguments))

    def to_source(self) -> str:
        """The block's text, as a cell that makes it again."""
        return to_source(self.program)

    def __getstate__(self) -> dict[str, Any]:
        """A copy or a pickle takes along only those names of the notebook that the text mentions."""
        needed = {name: self.namespace[name] for name in python_names(self.program) if name in self.namespace}
        return {**self.__dict__, "namespace": needed}

    def __repr__(self) -> str:
        return f"reusable block {self.signature}"

"""Runs the examples of the documentation. One that raises an error it does not announce stops the generation."""

from __future__ import annotations

import ast
import contextlib
import doctest
import io
import os
import tempfile
import traceback
from collections.abc import Iterator
from typing import Any

import numpy as np


class ExampleError(Exception):
    """An example did not run, or does not give what it says."""


@contextlib.contextmanager
def elsewhere() -> Iterator[None]:
    """Runs examples in a folder of their own, so that files they write do not stay, temporary ones among them."""
    here, temporary = os.getcwd(), tempfile.tempdir
    with tempfile.TemporaryDirectory() as folder:
        os.chdir(folder)
        tempfile.tempdir = folder
        try:
            yield
        finally:
            os.chdir(here)
            tempfile.tempdir = temporary


def run_docstring(name: str, text: str, scope: dict[str, Any]) -> list[str]:
    """The examples of a docstring as a session: what is typed, and what came out now.

    Raises ExampleError when the output is not the one that the docstring promises.
    """
    checker, flags = doctest.OutputChecker(), doctest.NORMALIZE_WHITESPACE | doctest.ELLIPSIS
    lines: list[str] = []
    for example in doctest.DocTestParser().get_examples(text, name):
        if example.options.get(doctest.SKIP):
            continue
        first, *more = example.source.rstrip("\n").split("\n")
        lines += [f">>> {first}", *(f"... {line}" for line in more)]
        out = run(name, example.source, scope, bool(example.exc_msg))
        if example.exc_msg is None and not checker.check_output(example.want, out, flags):
            raise ExampleError(f"{name}: {example.source.strip()} gives\n{out}instead of\n{example.want}")
        lines += out.rstrip("\n").split("\n") if out else []
    return lines


def run(name: str, source: str, scope: dict[str, Any], may_fail: bool = False) -> str:
    """What one typed statement prints."""
    said = io.StringIO()
    try:
        with contextlib.redirect_stdout(said):
            exec(compile(source, f"<example of {name}>", "single"), scope)  # noqa: S102  (our own documentation)
    except Exception as error:
        if not may_fail:
            raise ExampleError(f"{name}: {source.strip()} raises {type(error).__name__}: {error}") from error
        return traceback.format_exception_only(error)[-1]
    return said.getvalue()


def operator_session(name: str, call: str, scope: dict[str, Any]) -> tuple[list[str], str]:
    """A stanza's example as a session, and the shapes and dtypes that went in and came out."""
    try:
        tree = ast.parse(call, mode="eval").body
        result = eval(compile(ast.Expression(tree), f"<example of {name}>", "eval"), scope)  # noqa: S307
    except Exception as error:
        raise ExampleError(f"{name}: {call} raises {type(error).__name__}: {error}") from error
    results = result if isinstance(result, (tuple, list)) else [result]
    given = []
    for argument in tree.args if isinstance(tree, ast.Call) else []:
        try:
            given.append(str(np.shape(ast.literal_eval(argument))))
        except ValueError:
            continue
    shapes = f"{', '.join(given) or 'no arrays'} -> {', '.join(f'{r._dtype_name} {r.shape}' for r in results)}"
    return [f">>> F.{call}", *repr(result).split("\n")], shapes

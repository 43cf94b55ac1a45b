"""The reference: every page is made, every example runs, and every name promised to MXNet's users exists."""

from __future__ import annotations

import importlib
import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

import pytest

from dlcore.ops import RECORDS

DOCS = Path(__file__).resolve().parents[2] / "docs"


@pytest.fixture(scope="module")
def docs() -> Iterator[dict[str, ModuleType]]:
    """The generator's modules, under their own names only while these tests run."""
    names = ("examples", "operators", "rooms", "namespaces", "inventory", "old_names", "numpy_names", "generate")
    sys.path.insert(0, str(DOCS))
    before = {n: sys.modules.pop(n) for n in names if n in sys.modules}
    try:
        yield {n: importlib.import_module(n) for n in names}
    finally:
        sys.path.remove(str(DOCS))
        for n in names:
            sys.modules.pop(n, None)
        sys.modules.update(before)


@pytest.fixture(scope="module")
def made(docs: dict[str, ModuleType]) -> dict[str, str]:
    return docs["generate"].pages()


def test_every_public_operator_has_an_entry_with_its_executed_example(made: dict[str, str]) -> None:
    for record in RECORDS.values():
        if record.internal:
            continue
        page = made[f"operators/{record.family or 'other'}.md"]
        entry = page.partition(f"\n## {record.name}\n")[2].partition("\n## ")[0]
        assert f"F.{record.name}(" in entry and record.doc in entry, record.name
        session = entry.partition("```pycon\n")[2]
        assert session.startswith(f">>> F.{record.example.partition(' -> ')[0]}\n"), record.name
        assert "array(" in session, record.name


def test_namespaces_have_an_entry_for_every_function(made: dict[str, str], docs: dict[str, ModuleType]) -> None:
    for name, (module, title) in docs["namespaces"].modules().items():
        page = made[f"{name}.md"]
        assert page.startswith(f"# {title}\n")
        for function in docs["namespaces"].names(module):
            assert f"[`{function}`](" in page or f"| `{function}` |" in page, f"{name}: {function}"
    assert {"np.md", "nd.md", "np.random.md", "nd.random.md", "linalg.md", "autograd.md", "index.md"} <= set(made)
    assert ">>> uniform(0, 1, (2, 3)).shape\n(2, 3)" in made["np.random.md"]


def test_every_name_of_numpy_is_here_or_excused(made: dict[str, str], docs: dict[str, ModuleType]) -> None:
    assert docs["numpy_names"].missing() == []
    page = made["numpy.md"]
    assert "`einsum`" in page and "`absolute` (as `abs`)" in page and "| `memmap` | np.asarray(" in page


def test_links_lead_somewhere(made: dict[str, str]) -> None:
    import re

    for name, text in made.items():
        for target, anchor in re.findall(r"\]\(([\w./]*)(?:#([\w.-]+))?\)", text):
            path = (Path(name).parent / target).as_posix() if target else name
            assert path in made, f"{name}: {target}"
            if anchor and path.startswith("operators/"):
                assert f"## {anchor}\n" in made[path], f"{name}: {target}#{anchor}"


def test_what_is_promised_to_users_of_mxnet_is_there(docs: dict[str, ModuleType], made: dict[str, str]) -> None:
    assert docs["old_names"].broken() == []
    inventory = docs["old_names"]
    assert sum(len(f.names.split()) for f in inventory.FAMILIES) > 1400
    for name, reason in inventory.ABSENT.items():
        name = name.removeprefix(".")
        assert reason.endswith(".") and len(reason) > 20, f"{name}: {reason!r} is no reason"
        assert f"`{name}` | not here: {reason}" in made["mxnet.md"]


def test_every_public_name_has_a_docstring_and_an_example(docs: dict[str, ModuleType], made: dict[str, str]) -> None:
    rooms = docs["rooms"]
    assert rooms.lacking() == []
    offered = {page: rooms.offered(module) for page, module in rooms.modules().items()}
    assert len(offered) > 40 and sum(map(len, offered.values())) > 600
    for page, names in offered.items():
        for name in names:
            assert f"\n## {page}.{name}\n" in made[f"{page}.md"], f"{page}.{name}"
    assert "[1.5]" in made["comm.md"] and "no gpu(99) here" in made["comm.md"]
    assert ">>> layer = SyncBatchNorm()" in made["gluon.nn.md"] and "(gluon.nn.md)" in made["index.md"]


def test_a_name_without_an_example_is_found(docs: dict[str, ModuleType], monkeypatch: pytest.MonkeyPatch) -> None:
    from dlcore import metric

    rooms = docs["rooms"]
    before = rooms.lacking()

    def new() -> list[str]:
        return [text for text in rooms.lacking() if text not in before]

    class Odd:
        """Said, not shown."""

    monkeypatch.setattr(metric, "F1", Odd)
    assert new() == ["metric.F1: no example"]
    Odd.__doc__ = None
    assert new() == ["metric.F1: no docstring"]


def test_an_example_that_does_not_hold_stops_everything(docs: dict[str, ModuleType], tmp_path: Path) -> None:
    examples = docs["examples"]
    with pytest.raises(examples.ExampleError, match="wrong: 1 \\+ 1 gives\n2\ninstead of\n3"):
        examples.run_docstring("wrong", ">>> 1 + 1\n3\n", {})
    with pytest.raises(examples.ExampleError, match="raises ZeroDivisionError"):
        examples.run_docstring("wrong", ">>> 1 / 0\n3\n", {})
    with pytest.raises(examples.ExampleError, match="raises ValueError"):
        examples.operator_session("relu", "relu('x')", {"relu": lambda x: int(x)})
    assert examples.run_docstring("good", ">>> for k in range(2):\n...     print(k)\n0\n1\n", {}) == [
        ">>> for k in range(2):", "...     print(k)", "0", "1",
    ]  # fmt: skip


def test_a_reference_is_replaced_as_a_whole(docs: dict[str, ModuleType], tmp_path: Path) -> None:
    folder = tmp_path / "reference"
    docs["generate"].write(folder, {"a.md": "1", "b/c.md": "2"})
    docs["generate"].write(folder, {"a.md": "3"})
    assert [p.relative_to(folder).as_posix() for p in folder.rglob("*") if p.is_file()] == ["a.md"]
    assert (folder / "a.md").read_text() == "3" and [p.name for p in tmp_path.iterdir()] == ["reference"]

"""Imports go one way, without cycles; and the check that says so does find what it is meant to find."""

from __future__ import annotations

import re
from pathlib import Path

import layering
import pytest

ROOT = Path(__file__).resolve().parent.parent


def tree(root: Path, files: dict[str, str]) -> Path:
    for name, text in files.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return root


def test_imports_of_the_product_go_one_way() -> None:
    problems = layering.check(ROOT)
    assert not problems, "\n" + "\n".join(map(str, problems))


def test_every_module_is_read() -> None:
    found = layering.modules(ROOT)
    assert {"dlcore", "dlcore.kernel_ext", "dlcore.widgets"} <= set(found)
    on_disk = [p for f in layering.FOLDERS for p in (ROOT / f).rglob("*.py") if "node_modules" not in p.parts]
    assert len(found) == len(on_disk) - len(layering.NOT_MODULES)


@pytest.mark.parametrize(
    ("files", "message"),
    [
        ({"dlcore/ops/a.py": "from dlcore.gluon import nn"}, "'gluon' stands to the right"),
        ({"dlcore/ops/a.py": "import dlcore.array"}, "'array' stands to the right"),
        ({"dlcore/ops/a.py": "def f():\n    from ..run import Run"}, "'run' stands to the right"),
        ({"dlcore/ops/a.py": "from .. import graph"}, "'graph' stands to the right"),
        ({"dlcore/ops/a.py": "import importlib\nimportlib.import_module('dlcore.gluon.nn')"}, "right of it"),
        ({"dlcore/ops/a.py": "from dlcore import nd"}, "'dlcore' stands to the right"),
        ({"dlcore/optim/a.py": "from dlcore import metric"}, "'metric' stands beside it"),
        ({"dlcore/comm/a.py": "from dlcore.cuda import memory"}, "by name"),
        ({"dlcore/run/a.py": "def f():\n    import matplotlib.pyplot"}, "imports matplotlib"),
        ({"dlcore/run/a.py": "from IPython.display import display"}, "imports IPython"),
        ({"widgets/w/model.py": "from dlcore.kernel_ext import magics"}, "'kernel_ext' stands to the right"),
        ({"kernel_ext/a.py": "from widgets import chart"}, "called dlcore.widgets once installed"),
        ({"dlcore/ops/a.py": "from dlcore.tools import x"}, "no room is called 'tools'"),
        ({"dlcore/tools/a.py": ""}, "room 'tools' has no place"),
        ({"dlcore/__init__.py": "import dlcore.widgets"}, "'widgets' stands to the right"),
        (
            {"dlcore/ops/a.py": "from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    from dlcore.run import Run"},
            "'run' stands to the right",
        ),
    ],
)
def test_a_breach_is_found(tmp_path: Path, files: dict[str, str], message: str) -> None:
    problems = layering.check(tree(tmp_path, files))
    assert len(problems) == 1
    assert message in str(problems[0])


@pytest.mark.parametrize(
    "files",
    [
        {"dlcore/gluon/a.py": "import numpy\nfrom dlcore import _core\nfrom ..ops import F"},
        {
            "dlcore/gluon/nn/a.py": "from ..block import Block",
            "dlcore/gluon/block.py": "from dlcore.init import Xavier",
        },
        {"dlcore/__init__.py": "def load_ipython_extension(ip):\n    from dlcore import kernel_ext"},
        {"dlcore/__init__.py": "from dlcore import array, cuda\nfrom .run import train"},
        {"kernel_ext/a.py": "import dlcore as dl\nfrom dlcore.widgets.chart import model\nimport IPython"},
        {"widgets/chart/model.py": "import anywidget\nfrom dlcore.run import Run\nfrom . import static"},
    ],
)
def test_a_rightful_import_passes(tmp_path: Path, files: dict[str, str]) -> None:
    assert layering.check(tree(tmp_path, files)) == []


def test_a_cycle_is_found_even_when_one_import_is_lazy(tmp_path: Path) -> None:
    files = {
        "dlcore/graph/__init__.py": "from .a import x",
        "dlcore/graph/a.py": "from . import b",
        "dlcore/graph/b.py": "from .c import z",
        "dlcore/graph/c.py": "def f():\n    from dlcore.graph.a import x",
    }
    problems = layering.check(tree(tmp_path, files))
    assert [p.what for p in problems] == ["cycle: dlcore.graph.a, dlcore.graph.b, dlcore.graph.c"]


def test_an_import_for_type_hints_only_makes_no_cycle(tmp_path: Path) -> None:
    files = {
        "dlcore/graph/a.py": "from .b import y",
        "dlcore/graph/b.py": "from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    from .a import x",
    }
    assert layering.check(tree(tmp_path, files)) == []


def test_only_bind_knows_python() -> None:
    """The C++ below bind/ can be used, and read, without Python or nanobind."""
    csrc = ROOT / "dlcore" / "csrc"
    pattern = re.compile(r'^\s*#\s*include\s*[<"](Python\.h|nanobind/|bind/)', re.MULTILINE)
    sources = [p for suffix in ("*.h", "*.cpp") for p in csrc.rglob(suffix) if p.relative_to(csrc).parts[0] != "bind"]
    assert sources, "no C++ source was read"
    guilty = [p.relative_to(ROOT).as_posix() for p in sources if pattern.search(p.read_text(encoding="utf-8"))]
    assert not guilty

"""The builder of the widgets' JavaScript knows what is out of date, and everything is up to date after a build."""

from __future__ import annotations

from pathlib import Path
from types import ModuleType, SimpleNamespace

import pytest
from scripts import script

ROOT = Path(__file__).resolve().parent.parent


@pytest.fixture(scope="module")
def builder() -> ModuleType:
    return script("widgets/build.py")


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    (tmp_path / "package-lock.json").write_text("{}")
    (tmp_path / "chart").mkdir()
    (tmp_path / "chart" / "widget.js").write_text("export default {};")
    return tmp_path


def finish(builder: ModuleType, tree: Path) -> None:
    header = builder.HEADER.format(digest=builder.digest(tree))
    for suffix in ("js", "css"):
        (tree / "chart" / f"bundle.{suffix}").write_text(f"{header}\n")


def test_all_bundles_are_up_to_date_after_a_build(builder: ModuleType) -> None:
    assert builder.out_of_date() == []


def test_a_bundle_uses_nothing_from_the_network(builder: ModuleType) -> None:
    """A notebook must draw with no network: a bundle may not import, fetch or style from an address."""
    for folder in builder.widget_folders():
        script = (folder / "bundle.js").read_text(encoding="utf-8")
        assert 'import("http' not in script and 'from"http' not in script
        assert "url(http" not in (folder / "bundle.css").read_text(encoding="utf-8")


def test_no_widget_is_no_work(builder: ModuleType, tmp_path: Path) -> None:
    (tmp_path / "package-lock.json").write_text("{}")
    assert builder.out_of_date(tmp_path) == []


def test_a_missing_bundle_is_late(builder: ModuleType, tree: Path) -> None:
    assert builder.out_of_date(tree) == [tree / "chart"]


@pytest.mark.parametrize("suffix", ["js", "css"])
def test_half_a_bundle_is_late(builder: ModuleType, tree: Path, suffix: str) -> None:
    finish(builder, tree)
    assert builder.out_of_date(tree) == []
    (tree / "chart" / f"bundle.{suffix}").unlink()
    assert builder.out_of_date(tree) == [tree / "chart"]


@pytest.mark.parametrize(
    "name", ["chart/widget.js", "chart/widget.css", "chart/draw/axes.js", "shared/colours.js", "package-lock.json"]
)
def test_a_changed_source_makes_the_bundle_late(builder: ModuleType, tree: Path, name: str) -> None:
    finish(builder, tree)
    path = tree / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("/* changed */")
    assert builder.out_of_date(tree) == [tree / "chart"]


def test_a_bundle_does_not_count_as_its_own_source(builder: ModuleType, tree: Path) -> None:
    before = builder.digest(tree)
    finish(builder, tree)
    assert builder.digest(tree) == before


def test_tools_that_are_missing_or_fail_are_named(
    builder: ModuleType, tree: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(builder.subprocess, "run", lambda *_, **__: SimpleNamespace(returncode=1))
    with pytest.raises(SystemExit, match=r"widgets/build.py: npm could not install esbuild and uPlot \(see above\)"):
        builder.npm_install("node", ["npm"], tree / "work")
    with pytest.raises(SystemExit, match=r"widgets/build.py: esbuild failed for chart \(see above\)"):
        builder.run_esbuild([], tree / "chart", "node", tree / "work")
    monkeypatch.setattr(builder.shutil, "which", lambda name: None)
    monkeypatch.setattr(builder.importlib.util, "find_spec", lambda name: None)
    with pytest.raises(SystemExit, match=r"Node \d+ or newer is needed to bundle the widgets and was not found"):
        builder.find_node()

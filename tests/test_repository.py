"""Rules about the repository itself: what each folder says about itself, what no tracked file may name."""

from __future__ import annotations

import ast
import json
import re
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
PRODUCT = ["dlcore", "kernel_ext", "widgets"]
LONGEST_INTRODUCTION = 15
OPTIONAL = {("dlcore/interpret/_overview.py", "sklearn")}  # the extra "rules": a tree that imitates a network

# A place on one particular machine. Written in pieces so that this file does not find itself.
MACHINE_PATHS = re.compile(
    r"(?<![\w.$}~-])/(?:" + "|".join(["wo" + "rk", "ro" + "ot", "ho" + "me/\\w+", "Us" + "ers/\\w+"]) + ")/"
)
# Package registries and mirrors: which one is used is the business of the machine that installs.
REGISTRIES = re.compile(
    r"\b(?:" + "|".join(["registry[.]npm" + "js", "pypi[.]" + "org", "files[.]python" + "hosted"]) + ")"
)


def tracked() -> list[Path]:
    """The files that git tracks or would track; a source distribution has no git, then all of its files."""
    command = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True)
    if done.returncode:
        pytest.skip("not a git checkout")
    return [ROOT / name for name in done.stdout.decode().split("\0") if name and (ROOT / name).is_file()]


def texts() -> dict[str, str]:
    found = {}
    for path in tracked():
        content = path.read_bytes()
        if b"\0" not in content[:8000]:
            found[path.relative_to(ROOT).as_posix()] = content.decode("utf-8")
    return found


def packages() -> list[Path]:
    return [
        path for folder in PRODUCT for path in sorted((ROOT / folder).rglob("__init__.py")) if path in set(tracked())
    ]


def test_every_package_introduces_itself() -> None:
    """Each __init__.py starts with a docstring of at most 15 lines: what lives here, what must not, where to look."""
    wrong = []
    for path in packages():
        text = ast.get_docstring(ast.parse(path.read_text(encoding="utf-8")), clean=False)
        name = path.relative_to(ROOT).as_posix()
        if not text:
            wrong.append(f"{name}: no docstring")
        elif len(text.strip().splitlines()) > LONGEST_INTRODUCTION:
            wrong.append(f"{name}: {len(text.strip().splitlines())} lines")
    assert not wrong, "\n".join(wrong)


def test_introductions_name_files_that_exist() -> None:
    """`name.py`, `name.js` and the like anywhere in the repository, `_name` in the folder itself."""
    files = [path.relative_to(ROOT).as_posix() for path in tracked()]
    made = {"bundle.js", "bundle.css", "passes/name.py"}  # by a build; by whoever adds a pass
    wrong, seen = [], 0
    for path in packages():
        text = ast.get_docstring(ast.parse(path.read_text(encoding="utf-8"))) or ""
        here = path.parent.relative_to(ROOT).as_posix()
        for name in set(re.findall(r"`([\w./]+\.(?:py|js|css|h|cpp))`", text)) - made:
            seen += 1
            wrong += [] if any(f"/{file}".endswith(f"/{name}") for file in files) else [f"{here}: {name}"]
        for name in re.findall(r"[`(, ](_[a-z][a-z_]*)(?:[:`),]|\.[A-Z])", text):
            seen += 1
            wrong += [] if any(file.startswith(f"{here}/{name}") for file in files) else [f"{here}: {name}"]
    assert seen > 60, "the patterns no longer find them"
    assert not wrong, "\n".join(wrong)


def test_every_folder_with_python_is_a_package() -> None:
    """A folder without __init__.py would import in a checkout and be missing in a wheel."""
    folders = {p.parent for p in tracked() if p.suffix == ".py" and p.relative_to(ROOT).parts[0] in PRODUCT}
    assert not [folder.relative_to(ROOT).as_posix() for folder in folders if not (folder / "__init__.py").exists()]


@pytest.mark.parametrize("pattern", [MACHINE_PATHS, REGISTRIES], ids=["machine path", "registry host"])
def test_no_file_names_a_machine_or_a_registry(pattern: re.Pattern[str]) -> None:
    found = [
        f"{name}:{number}: {line.strip()[:120]}"
        for name, text in texts().items()
        for number, line in enumerate(text.splitlines(), 1)
        if pattern.search(line)
    ]
    assert not found, "\n".join(found)


@pytest.mark.parametrize(
    ("pattern", "text", "hit"),
    [
        (MACHINE_PATHS, "see /wo" + "rk/notes/a.md", True),
        (MACHINE_PATHS, "open('/ho" + "me/ann/x')", True),
        (MACHINE_PATHS, "net" + "wo" + "rk/notes and https://host/wo" + "rk/x", False),
        (REGISTRIES, "https://registry.npm" + "js.org/uplot", True),
        (REGISTRIES, "a pypi package", False),
    ],
)
def test_the_patterns_find_what_they_are_for(pattern: re.Pattern[str], text: str, hit: bool) -> None:
    assert bool(pattern.search(text)) is hit


def test_the_lock_file_names_no_address_and_has_hashes() -> None:
    packages = json.loads((ROOT / "widgets" / "package-lock.json").read_text())["packages"]
    named = {name: entry for name, entry in packages.items() if name}
    assert named and all(entry.get("integrity", "").startswith("sha512-") for entry in named.values())
    assert not [name for name, entry in named.items() if "resolved" in entry]


def test_no_product_code_unpickles_forks_or_needs_a_test_package() -> None:
    """No pickle from files, no fork, no framework but this one."""
    banned_modules = {"torch", "tensorflow", "jax", "pytest", "hypothesis", "sklearn"}
    banned_calls = {"os.fork", "pickle.load", "pickle.Unpickler", "joblib.load", "dill.load", "eval_pickle"}
    wrong = []
    for path in (p for p in tracked() if p.suffix == ".py" and p.relative_to(ROOT).parts[0] in PRODUCT):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            names: list[str] = []
            if isinstance(node, ast.Import):
                names = [alias.name.split(".")[0] for alias in node.names]
            elif isinstance(node, ast.ImportFrom) and not node.level:
                names = [(node.module or "").split(".")[0]]
            bad = {(path.relative_to(ROOT).as_posix(), name) for name in set(names) & banned_modules} - OPTIONAL
            bad = {name for _, name in bad}
            if isinstance(node, ast.Call):
                bad |= {ast.unparse(node.func)} & banned_calls
                bad |= {
                    "allow_pickle=True"
                    for k in node.keywords
                    if k.arg == "allow_pickle" and ast.unparse(k.value) == "True"
                }
            wrong += [f"{path.relative_to(ROOT).as_posix()}:{getattr(node, 'lineno', 0)}: {what}" for what in bad]
    assert not wrong, "\n".join(wrong)


def test_links_between_the_documents_lead_somewhere() -> None:
    """To a tracked file or a folder that holds one: what lies here by chance is not in anybody else's clone."""
    files = tracked()
    known = {*files, *(folder for path in files for folder in path.parents)}
    wrong = []
    for path in (p for p in files if p.suffix == ".md"):
        for link in re.findall(r"\]\(([^)\s]+)\)", path.read_text(encoding="utf-8")):
            target = link.split("#")[0]
            outside = "://" in target or target.startswith("mailto:")
            if target and not outside and (path.parent / target).resolve() not in known:
                wrong.append(f"{path.relative_to(ROOT).as_posix()} -> {target}")
    assert not wrong, "\n".join(wrong)


def test_make_commands_in_the_documents_exist() -> None:
    targets = set(re.findall(r"^([a-z][\w-]*):", (ROOT / "Makefile").read_text(), re.MULTILINE))
    asked = {
        (path.name, name)
        for path in tracked()
        if path.suffix == ".md"
        for name in re.findall(r"`make ([a-z][\w-]*)", path.read_text(encoding="utf-8"))
    }
    assert not [pair for pair in asked if pair[1] not in targets]


def switches(text: str) -> set[str]:
    return set(re.findall(r"\bDLCORE_[A-Z_]+\b", text))


def test_every_switch_is_documented() -> None:
    """CONTRIBUTING.md lists each environment variable of ours that the product or the tests read, and no other."""
    documented = switches((ROOT / "CONTRIBUTING.md").read_text())
    code = {name: text for name, text in texts().items() if name.endswith((".py", ".cpp", ".h")) or name == "Makefile"}
    read = {word for text in code.values() for word in re.findall(r"""["'](DLCORE_[A-Z_]+)["']""", text)}
    assert read, "no switch was found in the code"
    assert read == documented


def test_no_document_names_a_switch_that_is_not_there() -> None:
    known = switches((ROOT / "CONTRIBUTING.md").read_text())
    documents = {name: text for name, text in texts().items() if name.endswith((".md", ".ipynb", ".css", ".js"))}
    wrong = {(name, word) for name, text in documents.items() for word in switches(text) - known}
    assert len(documents) > 20 and not wrong, wrong


def test_what_the_product_reads_of_the_environment_is_documented() -> None:
    """Variables of others, as MXNET_GLUON_REPO."""
    documented = (ROOT / "CONTRIBUTING.md").read_text()
    read = {
        word
        for name, text in texts().items()
        if name.startswith(tuple(f"{folder}/" for folder in PRODUCT)) and name.endswith((".py", ".cpp", ".h"))
        for word in re.findall(r"""(?:environ(?:\.get\(|\[)|getenv\()["'](\w+)["']""", text)
    }
    assert len(read) > 10, "the pattern no longer finds them"
    others = {word for word in read - {"PATH", "NO_SUCH_VARIABLE"} if not word.startswith("DLCORE_")}
    assert others and not {word for word in others if f"`{word}`" not in documented}

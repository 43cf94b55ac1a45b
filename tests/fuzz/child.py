"""A child process that judges random calls, one after the other, and is replaced when one of them kills it."""

from __future__ import annotations

import os
import pickle
import select
import subprocess
import sys
import tempfile
import traceback
from pathlib import Path
from typing import Any

TESTS = Path(__file__).resolve().parent.parent
ROOM = 4 << 30  # bytes that a child may ask for: a size out of range must be an error, not a machine out of memory
SECONDS = 20.0
SANITIZED = "DLCORE_SANITIZED_CORE" in os.environ  # memory is mapped by terabytes, and all takes some times as long


class Child:
    """Answers `ask(what)` with what `fuzz.MODULE.judge(what)` says there; a crash or a hang is an answer too."""

    def __init__(self, module: str, seconds: float = SECONDS) -> None:
        self.module, self.seconds = module, seconds * (5 if SANITIZED else 1)
        self.process: subprocess.Popen[bytes] | None = None
        self.said: Any = None

    def start(self) -> subprocess.Popen[bytes]:
        self.said = tempfile.TemporaryFile()
        path = os.pathsep.join([str(TESTS), os.environ.get("PYTHONPATH", "")])
        self.process = subprocess.Popen(
            [sys.executable, "-X", "faulthandler", "-m", "fuzz.child", self.module],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self.said,
            env=dict(os.environ, PYTHONPATH=path, DLCORE_NUM_THREADS="2", PYTHONWARNINGS="ignore"),
            cwd=TESTS.parent,
        )
        self.read(60.0)  # it has imported everything
        return self.process

    def read(self, seconds: float) -> bytes:
        """One message, b"" when the child is gone or says nothing for so long."""
        assert self.process is not None and self.process.stdout is not None
        stream = self.process.stdout
        if not select.select([stream], [], [], seconds)[0]:
            return b""
        head = stream.read(8)
        return stream.read(int.from_bytes(head, "little")) if len(head) == 8 else b""

    def ask(self, what: Any) -> str:
        process = self.process or self.start()
        assert process.stdin is not None
        data = pickle.dumps(what)
        try:
            process.stdin.write(len(data).to_bytes(8, "little") + data)
            process.stdin.flush()
        except BrokenPipeError:
            return self.ended()
        answer = self.read(self.seconds)
        return answer[1:].decode() if answer else self.ended()

    def ended(self) -> str:
        """Why there was no answer; the next call gets a new child."""
        assert self.process is not None
        try:
            status = self.process.wait(0.5)
            why = f"the process died (exit status {status})"
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
            why = f"no answer within {self.seconds:g} s"
        self.said.seek(0)
        text = self.said.read().decode(errors="replace")
        self.close()
        return f"{why}\n{text[-4000:]}"

    def close(self) -> None:
        if self.process is not None:
            self.process.kill()
            self.process.wait()
            for stream in (self.process.stdin, self.process.stdout):
                if stream is not None:
                    try:
                        stream.close()
                    except BrokenPipeError:
                        pass
            self.said.close()
        self.process = None


def serve(module: str) -> None:
    """The child: reads calls from its input, writes what is wrong with each to its output."""
    import importlib
    import resource

    take, give = sys.stdin.buffer, os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)  # what the product prints must not get between
    judge = importlib.import_module(f"fuzz.{module}").judge
    if not SANITIZED:
        resource.setrlimit(resource.RLIMIT_AS, (ROOM, ROOM))

    def say(text: str) -> None:
        data = b"." + text.encode(errors="backslashreplace")
        give.write(len(data).to_bytes(8, "little") + data)
        give.flush()

    say("")
    while len(head := take.read(8)) == 8:
        what = pickle.loads(take.read(int.from_bytes(head, "little")))  # noqa: S301  (from our own parent)
        try:
            say(judge(what))
        except Exception:
            say(traceback.format_exc())


if __name__ == "__main__":
    serve(sys.argv[1])

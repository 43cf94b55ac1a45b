"""Lets a page reach its widgets while a cell waits, without patching ipykernel.

Before it draws a widget, a page that opens asks the kernel who it is, which widgets there are, and for their states.
These come to the main shell, which a waiting cell keeps busy, so the page would say "Loading widget..." until the
cell ends. ipykernel 7 receives the shell's messages on a thread of its own; as long as a run is shown, that thread
answers these questions with the kernel's own handlers, and hands on everything else. What a page says to one of our
widgets comes to a second shell where the front end asks for one, as JupyterLab does. VS Code does not: its messages are
given to the widget on a thread beside. Kernels that receive on no thread of their own are left as they are.
"""

from __future__ import annotations

import inspect
import queue
import threading
from typing import Any

CONTROL = "jupyter.widget.control"  # the comm by which a page asks for the states of all widgets at once

_Said = queue.SimpleQueue[tuple[dict[str, Any], Any] | None]


class Doorkeeper:
    """Stands at the shell of one kernel from the first `enter` to the last `leave`."""

    def __init__(self, kernel: Any) -> None:
        self._kernel = kernel
        self._inside = 0
        self._lock = threading.Lock()
        self._controls: set[str] = set()
        self._known: set[str] = set()
        self._said: _Said | None = None  # what the thread that hears, if there is one, has before it

    def know(self, comm_id: str) -> None:
        """Let messages to this widget in, whose handler may be called on any thread."""
        self._known.add(comm_id)

    def enter(self) -> None:
        with self._lock:
            self._inside += 1
            if self._inside == 1:
                self._listen(self._receive)

    def leave(self) -> None:
        with self._lock:
            self._inside -= 1
            if self._inside == 0:
                self._listen(self._kernel.shell_channel_thread_main)
                if self._said is not None:
                    self._said.put(None)
                    self._said = None

    def _listen(self, receive: Any) -> None:
        """Give the shell's messages to `receive`, as the kernel's own start did."""
        kernel = self._kernel
        kernel.shell_channel_thread.io_loop.add_callback(kernel.shell_stream.on_recv, receive, copy=False)

    async def _receive(self, message: list[Any]) -> None:
        parent, address = self._read(message)
        if parent is not None and self._is_for_widget(parent["header"], parent["content"]):
            self._say(parent, address)
        elif parent is None or not await self._answer(parent, address):
            await self._kernel.shell_channel_thread_main(message)

    def _read(self, message: list[Any]) -> tuple[Any, Any]:
        """The message and its sender; None for what the kernel would refuse, and may say so itself."""
        session = self._kernel.session
        try:
            address, parts = session.feed_identities(message, copy=False)
            parent = session.deserialize(parts, content=False, copy=False)
            return {**parent, "content": session.unpack(parent["content"])}, address
        except (ValueError, TypeError, KeyError):
            return None, None

    def _is_for_widget(self, header: dict[str, Any], content: dict[str, Any]) -> bool:
        """Whether a message to one of our widgets would otherwise wait for the cell."""
        if header["msg_type"] != "comm_msg" or header.get("subshell_id") is not None:
            return False
        return content.get("comm_id") in self._known and (content.get("data") or {}).get("method") == "custom"

    def _say(self, parent: dict[str, Any], address: Any) -> None:
        with self._lock:
            if self._said is None:
                self._said = queue.SimpleQueue()
                threading.Thread(target=self._hear, args=(self._said,), name="dlcore widgets", daemon=True).start()
            self._said.put((parent, address))

    def _hear(self, said: _Said) -> None:
        """One message after the other, beside the thread that receives: a widget may take its time to answer."""
        while (one := said.get()) is not None:
            parent, address = one
            self._tell("busy", parent)
            try:
                self._kernel.shell_handlers["comm_msg"](self._kernel.shell_stream, address, parent)
            except Exception:
                self._kernel.log.warning("a message to a widget was lost", exc_info=True)
            finally:
                self._tell("idle", parent)

    async def _answer(self, parent: dict[str, Any], address: Any) -> bool:
        """Answer a question of a page that opens; whether it was one, and the answer is out."""
        if not self._is_question(parent["header"]["msg_type"], parent["content"]):
            return False
        kernel = self._kernel
        self._tell("busy", parent)
        try:
            done = kernel.shell_handlers[parent["header"]["msg_type"]](kernel.shell_stream, address, parent)
            if inspect.isawaitable(done):
                await done
        except Exception:
            kernel.log.warning("a reloading page was not answered at once", exc_info=True)
            return False
        finally:
            self._tell("idle", parent)
        return True

    def _is_question(self, kind: str, content: dict[str, Any]) -> bool:
        """Whether a message only reads: nobody's own handler is run on this thread."""
        if kind in ("kernel_info_request", "comm_info_request"):
            return True
        if kind == "comm_open" and content.get("target_name") == CONTROL:
            self._controls.add(content["comm_id"])
            return True
        if kind == "comm_msg":
            method = (content.get("data") or {}).get("method")
            return method == "request_state" or content.get("comm_id") in self._controls
        return False

    def _tell(self, state: str, parent: dict[str, Any]) -> None:
        self._kernel.session.send(self._kernel.iopub_socket, "status", {"execution_state": state}, parent=parent)


_doorkeepers: dict[int, Doorkeeper] = {}


def doorkeeper() -> Doorkeeper | None:
    """That of the kernel this process is; None where there is none, or none that can be helped."""
    from IPython import get_ipython

    kernel = getattr(get_ipython(), "kernel", None)
    parts = ("shell_channel_thread", "shell_channel_thread_main", "shell_stream", "iopub_socket", "shell_handlers")
    if kernel is None or any(getattr(kernel, part, None) is None for part in parts):
        return None
    return _doorkeepers.setdefault(id(kernel), Doorkeeper(kernel))

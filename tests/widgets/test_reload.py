"""Which messages the doorkeeper takes out of the row that waits for a cell: those to our widgets, and no other."""

import threading
from types import SimpleNamespace

import pytest

pytest.importorskip("anywidget")

from dlcore.widgets.loss_chart.reload import Doorkeeper  # noqa: E402


class Kernel:
    """What of a kernel the doorkeeper uses, and who called it."""

    def __init__(self):
        self.heard = []
        self.done = threading.Event()
        self.shell_handlers = {"comm_msg": self.hear}
        self.shell_stream = self.iopub_socket = self.session = self
        self.log = self
        self.shell_channel_thread = SimpleNamespace(io_loop=self)
        self.shell_channel_thread_main = "the kernel's own"
        self.receiver = None

    def add_callback(self, function, *args, **kwargs):
        function(*args, **kwargs)

    def on_recv(self, receiver, copy):
        self.receiver = receiver

    def send(self, _socket, kind, content, parent):
        self.heard.append((kind, content["execution_state"], threading.current_thread().name))
        if content["execution_state"] == "idle":
            self.done.set()

    def hear(self, _stream, _address, parent):
        self.heard.append(("comm_msg", parent["content"]["data"]["content"], threading.current_thread().name))
        if parent["content"]["data"]["content"] == "wrong":
            raise ValueError("the widget's own mistake")

    def warning(self, *_, **__):
        self.heard.append(("warning", None, threading.current_thread().name))


def message(comm_id="ours", method="custom", content="stop", kind="comm_msg", **header):
    return {"msg_type": kind, **header}, {"comm_id": comm_id, "data": {"method": method, "content": content}}


def test_messages_to_our_widgets_are_heard_beside_and_in_order():
    kernel = Kernel()
    door = Doorkeeper(kernel)
    door.know("ours")
    door.enter()
    assert kernel.receiver == door._receive
    assert door._is_for_widget(*message())
    for content in ("wrong", "stop"):
        kernel.done.clear()
        door._say({"header": {}, "content": message(content=content)[1]}, b"")
        assert kernel.done.wait(10)
    assert [what for _, what, _ in kernel.heard] == ["busy", "wrong", None, "idle", "busy", "stop", "idle"]
    assert {name for _, _, name in kernel.heard} == {"dlcore widgets"}
    (ear,) = [thread for thread in threading.enumerate() if thread.name == "dlcore widgets"]
    door.leave()
    assert kernel.receiver == "the kernel's own"
    ear.join(10)
    assert not ear.is_alive()


@pytest.mark.parametrize(
    "other",
    [
        message(comm_id="another's"),
        message(method="update"),
        message(kind="comm_close"),
        message(kind="execute_request"),
        message(subshell_id="1"),
    ],
)
def test_everything_else_goes_on_as_it_came(other):
    door = Doorkeeper(Kernel())
    door.know("ours")
    assert not door._is_for_widget(*other)

"""What the machine is doing, beside the system's own figures, and where a network's memory goes."""

import os
import time

import numpy as np
import pytest

import dlcore as dl
from dlcore import _core
from dlcore.gluon import nn
from dlcore.interpret import Machine, program


def test_a_busy_process_is_seen_and_an_idle_one_costs_nothing():
    machine = Machine()
    first = machine.read()
    assert (first.machine, first.process) == (None, None) and first.cores == os.cpu_count()
    until = time.thread_time() + 0.3
    while time.thread_time() < until:
        pass
    busy = machine.read()
    spent = busy.process * (busy.seconds - first.seconds)
    assert 0.25 < spent < 3.0  # this thread's 0.3 s, and what else the process did
    assert busy.machine is None or 0.0 < busy.machine <= 1.0


def test_memory_is_that_of_the_system_and_of_the_core():
    machine = Machine()
    _core.empty_cache()  # else what other tests freed might do, which is resident already
    before = machine.read()
    held = dl.np.ones((1024, 1024, 16))  # 64 MiB
    now = machine.read()
    assert now.allocated - before.allocated == held.size * 4
    if now.total is not None:
        assert now.total == os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") or now.total > now.used > 0
        assert now.resident - before.resident > 32 * 2**20 and now.resident < now.used + now.total


def test_the_arena_is_divided_among_the_layers_that_fill_it():
    net = nn.HybridSequential()
    net.add(nn.Dense(256, activation="relu"), nn.Dense(128, activation="relu"), nn.Dense(4))
    net.initialize()
    found = program(net, dl.np.array(np.ones((32, 64), "float32")))
    assert set(found.arena) == {"0", "1"}  # the last one writes into the result
    assert found.arena["0"] >= 32 * 256 * 4 and found.arena["1"] >= 32 * 128 * 4
    assert 0 < found.arena_bytes <= sum(found.arena.values()) + 4096


@pytest.fixture
def shown():
    pytest.importorskip("anywidget")
    from dlcore.widgets.machine import Monitor

    net = nn.Dense(8)
    net.initialize()
    made = Monitor(program(net, dl.np.ones((4, 4))))
    made.sent = []
    made.send = lambda content, buffers=None: made.sent.append((content, buffers))
    return made


def test_a_page_gets_a_reading_when_it_asks_and_none_otherwise(shown):
    time.sleep(0.3)
    assert shown.sent == [] and len(shown.readings) == 1
    for kind in ("hello", "read", "read", "nonsense"):
        shown._receive(shown, {"type": kind}, [])
    kinds = [content["type"] for content, _ in shown.sent]
    assert kinds == ["machine", "reading", "reading"] and len(shown.readings) == 3
    assert shown.sent[0][0]["arena"]["bytes"] == shown.program.arena_bytes
    assert shown.sent[1][0]["process"] >= 0


def test_a_picture_stays(shown):
    shown.read()
    shown._receive(shown, {"type": "picture"}, [])
    content, (data,) = shown.sent[-1]
    assert data[:4] == b"\x89PNG" and "cores" in content["text"]
    bundle, metadata = shown._repr_mimebundle_()
    assert "image/png" in bundle and metadata["image/png"]["width"] == 960


def test_a_terminal_gets_one_reading():
    from shells import fresh_shell

    with fresh_shell() as shell:
        assert shell.run_line_magic("monitor", "").cores >= 1
        assert shell.run_line_magic("devices", "--live").cores >= 1

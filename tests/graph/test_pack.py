"""Offsets of buffers: no two alive together overlap, little room is wasted, and time grows with their number."""

from __future__ import annotations

import gc
import threading
import time

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dlcore.graph._pack import pack
from dlcore.graph._pause import no_collection

SPANS = st.lists(
    st.tuples(st.sampled_from([0, 64, 128, 192, 640, 8192, 65536]), st.integers(0, 30), st.integers(0, 8)),
    max_size=40,
).map(lambda found: [(size, first, first + length) for size, first, length in found])


def live_peak(spans: list[tuple[int, int, int]]) -> int:
    """The least that any placement needs: the bytes alive at the fullest moment."""
    return max((sum(s for s, a, b in spans if a <= t <= b) for _, t, _ in spans), default=0)


@settings(max_examples=200, deadline=None)
@given(SPANS)
def test_buffers_alive_together_are_apart(spans: list[tuple[int, int, int]]) -> None:
    offsets, total = pack(spans)
    for i, (size, first, last) in enumerate(spans):
        assert 0 <= offsets[i] and offsets[i] + size <= total
        for j in range(i):
            other, start, end = spans[j]
            together = first <= end and start <= last and size and other
            assert not together or offsets[i] + size <= offsets[j] or offsets[j] + other <= offsets[i]
    assert live_peak(spans) <= total <= sum(size for size, _, _ in spans)


def nested(depth: int) -> list[tuple[int, int, int]]:
    """What a deep network keeps: one large value a layer until its backward step, and small ones beside it."""
    large = [(4096 * (1 + i % 3), i, 2 * depth - i) for i in range(depth)]
    return large + [(64, i, i + 2) for i in range(2 * depth)]


def test_a_network_s_lifetimes_are_packed_to_the_live_peak() -> None:
    spans = nested(200)
    assert pack(spans)[1] <= live_peak(spans) * 1.01 + 1024


def test_six_thousand_buffers_are_packed_in_a_moment() -> None:
    start = time.process_time()
    pack(nested(2000))
    assert time.process_time() - start < 1  # 0.02 s on an idle machine; comparing pairs in Python takes half a minute


def test_collections_stop_while_compiling_and_go_on_after() -> None:
    assert gc.isenabled()
    inside, leave = threading.Event(), threading.Event()

    def other() -> None:
        with no_collection():
            inside.set()
            leave.wait(10)

    thread = threading.Thread(target=other)
    with no_collection():
        thread.start()
        assert inside.wait(10) and not gc.isenabled()
    assert not gc.isenabled(), "the other thread is still at it"
    leave.set()
    thread.join()
    assert gc.isenabled()
    with pytest.raises(KeyError), no_collection():
        raise KeyError(np.pi)
    assert gc.isenabled()


def one_by_one(spans: list[tuple[int, int, int]]) -> tuple[list[int], int]:
    """What the core does, in the plainest words: the gaps among all that are alive with a span, then the tightest."""
    offsets = [0] * len(spans)
    most = max((size for size, _, _ in spans), default=0)
    placed: list[int] = []
    for i in sorted(range(len(spans)), key=lambda i: (-spans[i][0], spans[i][1])):
        size, first, last = spans[i]
        if size <= most // 1024:
            continue
        alive = [(offsets[j], offsets[j] + spans[j][0]) for j in placed if spans[j][1] <= last and spans[j][2] >= first]
        ends = [max([0, *(end for _, end in sorted(alive)[:k])]) for k in range(len(alive) + 1)]
        gaps = [(start - end, k) for k, ((start, _), end) in enumerate(zip(sorted(alive), ends, strict=False))]
        fitting = min((gap, k) for gap, k in [*gaps, (2**62, len(alive))] if gap >= size)
        offsets[i] = ends[fitting[1]]
        placed.append(i)
    total = max((offsets[i] + spans[i][0] for i in placed), default=0)
    taken: dict[int, tuple[int, int]] = {}  # by offset: of which size, and when the last one there dies
    for i in sorted((i for i in range(len(spans)) if i not in placed), key=lambda i: spans[i][1]):
        size, first, last = spans[i]
        dead = min(((end, at) for at, (other, end) in taken.items() if other == size and end < first), default=None)
        if dead is None:
            offsets[i], total = total, total + size
        else:
            offsets[i] = dead[1]
        taken[offsets[i]] = size, last
    return offsets, total


@pytest.mark.parametrize("seed", range(40))
def test_each_goes_where_plain_words_say(seed: int) -> None:
    draw = np.random.default_rng(seed)
    starts = draw.integers(0, 40, int(draw.integers(1, 60)))
    sizes = 64 * draw.choice([*range(1, 9), 9000], len(starts))
    spans = [
        (int(size), int(start), int(start + draw.integers(0, 20))) for size, start in zip(sizes, starts, strict=True)
    ]
    assert pack(spans) == one_by_one(spans)

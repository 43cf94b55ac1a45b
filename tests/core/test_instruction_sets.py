"""Kernels on processors with less: tests of other files once more, in one process held to each instruction set."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

TESTS = Path(__file__).resolve().parents[1]
# File: which of its tests, in pytest's words.
AGAIN = {
    "core/test_attention_pairs.py": "test",
    "core/test_conv_winograd.py": "layout or infinity",
    "core/test_cumulative.py": "test",
    "core/test_inverse.py": "number or exp2 or erfinv or exact",
    "core/test_moves.py": "turned or places_of or two_numbers or (turns and not 64 and not 65)",
    "core/test_norm.py": "test",
    "core/test_panels.py": "product or dense or same_bits",
    "core/test_pooling.py": "test",
    "core/test_random.py": "mapping or published",
    "core/test_reduce.py": "(against_numpy and (float32 or int32)) or nan or accuracy",
    "core/test_reduce_squares.py": "against_numpy and (float16 or float32)",
    "core/test_select.py": "arrays_and or length or bits or byte",
    "core/test_reduce_wide.py": "exact or longer or second or (joined and float32 and 20)",
    "core/test_softmax.py": "test",
    "core/test_sort.py": "first_positions",
    "core/test_stream.py": "test",
    "core/test_tile.py": "accuracy or casts or rounding or integer or layouts",
    "core/test_tile_direct.py": "halves or truth or complex",
    "graph/test_epilogue_narrow.py": "(round_once and (relu or mask)) or not_rounded",
}
CHILD = """
import sys, pytest
from dlcore import _core
print("held to", _core.cpu_info()["isa"])
sys.exit(pytest.main(sys.argv[1:]))
"""


@pytest.mark.parametrize("isa", ["base", "avx2"])
def test_lower_instruction_sets(isa: str) -> None:
    keyword = " or ".join(f"({Path(name).name} and ({words}))" for name, words in AGAIN.items())
    options = ["-v", "-x", "-p", "no:cacheprovider", "-k", keyword]
    done = subprocess.run(
        [sys.executable, "-c", CHILD, *options, *(str(TESTS / name) for name in AGAIN)],
        cwd=TESTS.parent,
        env={**os.environ, "DLCORE_ISA": isa},
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stdout[-4000:] + done.stderr[-1000:]
    held = re.findall(r"^held to (\w+)$", done.stdout, re.MULTILINE)
    assert held == [isa] or held == ["base"]  # a processor may lack avx2
    passed = set(re.findall(r"^tests/(\S+)::.* PASSED", done.stdout, re.MULTILINE))
    assert passed == set(AGAIN), set(AGAIN) - passed

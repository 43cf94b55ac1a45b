"""The words that the page highlights are those of the language."""

from __future__ import annotations

import json
from pathlib import Path

from dlcore.kernel_ext.language.words import ACTIVATIONS, OPTION_NAMES, STATEMENTS, WORDS

FILE = Path(__file__).resolve().parents[2] / "widgets" / "labextension" / "words.json"


def test_the_words_are_those_of_the_language():
    kinds = [slot.kind for row in WORDS.values() for slot in (*row.slots, *row.options) if slot.kind is not None]
    wanted = {
        "activations": list(ACTIVATIONS),
        "layers": list(WORDS),
        "options": sorted({*OPTION_NAMES, *(word for kind in kinds for word in kind.words)}),
        "statements": list(STATEMENTS),
    }
    assert json.loads(FILE.read_text()) == wanted, f"write this into {FILE.name}:\n{json.dumps(wanted, indent=2)}"

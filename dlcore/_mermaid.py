"""Text in Mermaid's flowcharts, which three rooms draw. It imports nothing of the project."""

from __future__ import annotations

_CODES = (("#", "#35;"), ('"', "#quot;"), ("<", "#lt;"), (">", "#gt;"), ("`", "#96;"))


def shown(text: str) -> str:
    """Text that Mermaid shows as it is.

    >>> shown("a < b")
    'a #lt; b'
    """
    for sign, code in _CODES:
        text = text.replace(sign, code)
    return text

"""Results that a notebook shows as a picture and a terminal as text; drawing is imported when first needed."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from IPython.core.interactiveshell import InteractiveShell


def show_as_picture(ip: InteractiveShell, module: str, kind: str, drawing: str) -> None:
    """Draw values of the class `module.kind` with the function of that name in `dlcore.widgets.data`."""

    def draw(value: Any) -> Any:
        try:
            from dlcore.widgets import data
        except ImportError:
            return None  # without matplotlib the text stays
        return data.png(getattr(data, drawing)(value))

    assert ip.display_formatter is not None  # every shell that is running has one
    ip.display_formatter.formatters["image/png"].for_type_by_name(module, kind, draw)

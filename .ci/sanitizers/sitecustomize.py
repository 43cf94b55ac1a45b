"""Makes `dlcore._core` the build of $DLCORE_SANITIZED_CORE, in every Python of .ci/sanitize.py and .ci/messages.py."""

from __future__ import annotations

import ctypes
import importlib.util
import os
import re
import sys
from importlib.machinery import ExtensionFileLoader, ModuleSpec


class SanitizedCore:
    """Found before the editable install's own finder."""

    @staticmethod
    def find_spec(name: str, path: object = None, target: object = None) -> ModuleSpec | None:
        if name != "dlcore._core":
            return None
        library = os.environ["DLCORE_SANITIZED_CORE"]
        return importlib.util.spec_from_file_location(name, library, loader=ExtensionFileLoader(name, library))


def report_to_files() -> None:
    """libubsan, where libasan is there too, does not read the log_path that it is given."""
    library = next((path for path in os.environ.get("LD_PRELOAD", "").split() if "libubsan" in path), None)
    told = re.search(r"log_path=([^:]+)", os.environ.get("UBSAN_OPTIONS", ""))
    if library and told:
        ctypes.CDLL(library).__sanitizer_set_report_path(told[1].encode())


report_to_files()
sys.meta_path.insert(0, SanitizedCore)  # type: ignore[arg-type]

"""Makes `dlcore._core` the sanitized build of $DLCORE_SANITIZED_CORE, in every Python that .ci/sanitize.py starts."""

from __future__ import annotations

import importlib.util
import os
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


sys.meta_path.insert(0, SanitizedCore)  # type: ignore[arg-type]

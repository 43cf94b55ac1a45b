"""A judge that does what no call may do, to see that the parent notices."""

from __future__ import annotations

import faulthandler
import os
import time


def judge(what: str) -> str:
    if what == "crash":
        faulthandler._sigsegv()  # type: ignore[attr-defined]
    if what == "hang":
        time.sleep(1000)
    if what == "exit":
        os._exit(3)
    return "a wrong number" if what == "wrong" else ""

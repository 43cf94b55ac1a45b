"""One contestant in a process of its own: reads "COUNT" lines, runs as many steps, answers with seconds for one.

python -m peers.worker LIBRARY WORKLOAD THREADS [FORM]
"""

from __future__ import annotations

import importlib
import sys
import time


def main() -> None:
    """Make the step, run it twice, then obey."""
    library, workload, threads, *form = sys.argv[1:]
    start = time.perf_counter()
    try:
        step = importlib.import_module(f"peers.{library}_peer").make(workload, int(threads), *form)
        step()
    except (ImportError, ValueError) as error:
        print("absent", str(error).splitlines()[0], flush=True)
        return
    print("ready", time.perf_counter() - start, flush=True)
    step()
    for line in sys.stdin:
        count, start = int(line), time.perf_counter()
        for _ in range(count):
            value = step()
        print((time.perf_counter() - start) / count, value, flush=True)


if __name__ == "__main__":
    main()

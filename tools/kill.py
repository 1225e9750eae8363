"""Killed, crowded out, interrupted: is anything lost, and does the same command end with equal bits?

    python tools/kill.py                             # all of it: minutes
    python tools/kill.py --only run sweep --kills 20 --seed 0

Each trial starts a command of this library in a folder and with a cache of its own, does it harm,
and looks at what is left: no file that is half of something, under a name that would be believed.
Then the same command is given again, unharmed, and must end with the numbers of a run that nobody
disturbed. A line for each kind of harm says how many trials there were and how many went wrong;
the exit status is 1 when any did.
"""

import argparse
import json
import os
import random
import resource
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
PROGRAM = (sys.executable, "-m", "ganunlearn")
RUN = (
    *("run", "digits", "--profile", "smoke", "--set", "recipe.epochs=80"),
    *("--set", "max_rounds=60", "--set", "min_rounds=60", "--out", "out"),
)
SWEEP = ("sweep", "grid.yml", "--out", "out", "--jobs", "2")
NOTEBOOK = """
import json
import time
from pathlib import Path

import numpy as np

with open("computed.txt", "a") as file:
    file.write(f"{x}\\n")
time.sleep(1)
numbers = np.random.default_rng(x).normal(size=5).tolist()
part = Path(out, f".{x}.part")
part.parent.mkdir(parents=True, exist_ok=True)
part.write_text(json.dumps(numbers))
part.rename(Path(out, f"{x}.json"))
"""
GRID = "notebook: toy.ipynb\ngrid: {x: [1, 2, 3]}\n"


# ---- a folder, a command


def write_toy() -> None:
    "A notebook that draws five numbers in a second, and a sweep over it."
    cells = {"parameters": "x: int = 0\nout: str = ''", "run": NOTEBOOK}
    content = dict(
        nbformat=4,
        nbformat_minor=5,
        metadata=dict(kernelspec=dict(name="python3", display_name="python3", language="python")),
        cells=[
            dict(
                cell_type="code",
                id=tag,
                metadata=dict(tags=[tag]),
                source=source,
                outputs=[],
                execution_count=None,
            )
            for tag, source in cells.items()
        ],
    )
    Path("toy.ipynb").write_text(json.dumps(content), encoding="utf-8")
    Path("grid.yml").write_text(GRID, encoding="utf-8")


@contextmanager
def open_folder() -> Iterator[None]:
    "A new folder with the toy in it, and a cache that begins empty; gone afterwards."
    before = os.getcwd()
    folder = tempfile.mkdtemp(prefix="harm-")
    os.chdir(folder)
    write_toy()
    try:
        yield
    finally:
        os.chdir(before)
        shutil.rmtree(folder, ignore_errors=True)


def start(command: tuple[str, ...], limits: dict[int, int] | None = None) -> subprocess.Popen:
    "A command in a group of processes of its own, under limits of the system."

    def lower() -> None:
        for kind, value in (limits or {}).items():
            resource.setrlimit(kind, (value, value))

    one_thread = dict(OMP_NUM_THREADS="1", OMP_WAIT_POLICY="PASSIVE", PYTHONPATH=str(ROOT))
    return subprocess.Popen(
        [*PROGRAM, *command],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        env=os.environ | one_thread | {"GANUNLEARN_CACHE": str(Path("cache").resolve())},
        start_new_session=True,
        preexec_fn=lower,
    )


def finish(command: tuple[str, ...]) -> tuple[int, str]:
    "The exit status of a command that nobody disturbs, and what it said."
    process = start(command)
    said, _ = process.communicate(timeout=300)
    return process.returncode, said


# ---- what must hold


def check_files() -> list[str]:
    "What is wrong with the files that a harmed command left: visible ones must be whole."
    from ganunlearn.core import BrokenFile
    from ganunlearn.store import list_record_files, load_records

    wrong = []
    out = Path("out")
    if not out.is_dir():
        return wrong
    numbers = [path for path in out.glob("records/*.json")]
    for path in numbers:
        if len(json.loads(path.read_text())) != 5:
            wrong.append(f"{path.name} is cut")
    for path in out.glob("*.ipynb"):
        try:
            if not path.name.startswith("."):
                json.loads(path.read_text(encoding="utf-8"))
        except ValueError:
            wrong.append(f"{path.name} is cut")
    if not numbers and list_record_files(out):
        try:
            load_records(out)
        except BrokenFile as e:
            wrong.append(str(e))
    return wrong


def read_result() -> object:
    "What a finished command has computed, times aside."
    from ganunlearn.store import list_numbers, load_records

    if Path("out/records").is_dir():
        files = sorted(Path("out/records").glob("*.json"))
        return {path.name: json.loads(path.read_text()) for path in files}
    (record,) = load_records("out")
    return dict(list_numbers(record))


def finish_again(command: tuple[str, ...], expected: object) -> list[str]:
    "What is wrong after the same command, given once more."
    status, said = finish(command)
    if status:
        return [f"given again it ends with status {status}: {said.strip()[-300:]}"]
    if read_result() != expected:
        return [f"{command[0]} given again ends with other numbers: {read_result()}"[:400]]
    return []


@dataclass
class Tally:
    "Trials of one kind of harm."

    name: str
    trials: int = 0
    notes: dict[str, int] = field(default_factory=dict)  # what was seen, how often
    wrong: list[str] = field(default_factory=list)

    def note(self, what: str) -> None:
        self.notes[what] = self.notes.get(what, 0) + 1

    def add(self, wrong: list[str]) -> None:
        self.trials += 1
        self.wrong += wrong

    def show(self) -> str:
        seen = ", ".join(f"{what} {count}" for what, count in self.notes.items())
        told = [f"{self.name:8} {self.trials:3} trials, {len(self.wrong)} wrong; {seen}"]
        return "\n".join([*told, *(f"    {one}" for one in self.wrong[:5])])


# ---- harm


def list_family(process: subprocess.Popen) -> dict[str, list[int]]:
    "The processes of a command: itself, those that it started, and their children."
    import psutil

    try:
        parent = psutil.Process(process.pid)
        children = parent.children()
        all_of_them = parent.children(recursive=True)
    except psutil.NoSuchProcess:
        return {}
    first = [child.pid for child in children]
    later = [child.pid for child in all_of_them if child.pid not in first]
    family = {"parent": [process.pid], "child": first, "kernel": later}
    return {role: pids for role, pids in family.items() if pids}


def kill(pid: int, how: signal.Signals = signal.SIGKILL) -> None:
    try:
        os.kill(pid, how)
    except ProcessLookupError:
        pass


def measure(command: tuple[str, ...]) -> tuple[float, object]:
    "Seconds of a command that nobody disturbs, and what it computes."
    with open_folder():
        begun = time.monotonic()
        status, said = finish(command)
        assert status == 0, f"undisturbed it ends well: {said}"
        return time.monotonic() - begun, read_result()


def kill_run(kills: int, draw: random.Random) -> Tally:
    "kill -9 at random moments of a run."
    tally = Tally("run")
    seconds, expected = measure(RUN)
    for _ in range(kills):
        with open_folder():
            process = start(RUN)
            try:
                process.communicate(timeout=draw.uniform(0, seconds))
                tally.note("ended before")
            except subprocess.TimeoutExpired:
                kill(process.pid)
                process.communicate()
                tally.note("killed")
            tally.add(check_files() + finish_again(RUN, expected))
    return tally


def kill_sweep(kills: int, draw: random.Random) -> Tally:
    "kill -9 of the sweep, of the process of a cell, or of its kernel."
    tally = Tally("sweep")
    seconds, expected = measure(SWEEP)
    for _ in range(kills):
        with open_folder():
            process = start(SWEEP)
            time.sleep(draw.uniform(0, seconds))
            family = list_family(process)
            if not family:
                tally.note("ended before")
            else:
                role = draw.choice(sorted(family))
                kill(draw.choice(family[role]))
                tally.note(role)
            process.communicate(timeout=120)
            tally.add(check_files() + finish_again(SWEEP, expected))
    return tally


def interrupt(kills: int, draw: random.Random) -> Tally:
    "Ctrl-C at random moments of a run."
    tally = Tally("ctrl-c")
    seconds, expected = measure(RUN)
    for _ in range(max(3, kills // 4)):
        with open_folder():
            process = start(RUN)
            time.sleep(draw.uniform(seconds / 2, seconds))
            kill(process.pid, signal.SIGINT)
            said, _ = process.communicate(timeout=60)
            tally.note(f"status {process.returncode}")
            wrong = [] if process.returncode in (0, 130) else [f"says {said[-200:]}"]
            tally.add(wrong + check_files() + finish_again(RUN, expected))
    return tally


def limit(tally: Tally, command: tuple[str, ...], kind: int, value: int, expected: object) -> None:
    "One trial under a limit of the system: the command ends in a line, and can be given again."
    with open_folder():
        process = start(command, {kind: value})
        said, _ = process.communicate(timeout=300)
        tally.note(f"{command[0]} status {process.returncode}")
        wrong = []
        if process.returncode not in (0, 1, 2) or "Traceback" in said:
            wrong.append(f"{command[0]} at {value} says {said.strip()[-400:]}")
        tally.add(wrong + check_files() + finish_again(command, expected))


def fill_disk(kills: int, draw: random.Random) -> Tally:
    "No file may grow beyond a size: every larger write fails, as on a full disk."
    tally = Tally("disk")
    plans = {RUN: (0, 100, 5_000, 200_000, 1_000_000), SWEEP: (0, 100, 1_000, 3_000)}
    for command, sizes in plans.items():
        _, expected = measure(command)
        for size in sizes:
            limit(tally, command, resource.RLIMIT_FSIZE, size, expected)
    return tally


def close_doors(kills: int, draw: random.Random) -> Tally:
    "Sixty-four open files at most."
    tally = Tally("files")
    for command in (RUN, SWEEP):
        _, expected = measure(command)
        limit(tally, command, resource.RLIMIT_NOFILE, 64, expected)
    return tally


def start_twins(kills: int, draw: random.Random) -> Tally:
    "Two at once in one folder: each cell is computed once, a run ends equal for both."
    tally = Tally("twins")
    for command in (SWEEP, RUN):
        _, expected = measure(command)
        with open_folder():
            twins = [start(command), start(command)]
            said = [twin.communicate(timeout=300)[0] for twin in twins]
            statuses = sorted(twin.returncode for twin in twins)
            tally.note(f"{command[0]} statuses {statuses}")
            wrong = [text[-300:] for text in said if "Traceback" in text]
            log = Path("computed.txt")
            computed = sorted(log.read_text().split()) if log.exists() else ["1", "2", "3"]
            if computed != ["1", "2", "3"]:
                wrong.append(f"computed {computed}")
            tally.add(wrong + check_files() + finish_again(command, expected))
    return tally


@contextmanager
def open_cluster() -> Iterator[tuple[str, dict[str, subprocess.Popen]]]:
    "A Dask scheduler with two workers: its address, and the processes by their part."
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        address = f"tcp://127.0.0.1:{free.getsockname()[1]}"
    orders = {
        "scheduler": ("scheduler", "--host", address),
        "worker": ("worker", address, "--nthreads", "1", "--no-nanny"),
        "other": ("worker", address, "--nthreads", "1", "--no-nanny"),
    }
    parts = {
        name: subprocess.Popen(
            [sys.executable, "-m", "dask", *order, "--no-dashboard"],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            env=os.environ | dict(PYTHONPATH=str(ROOT), OMP_NUM_THREADS="1"),
        )
        for name, order in orders.items()
    }
    try:
        yield address, parts
    finally:
        for part in parts.values():
            part.kill()
            part.wait()


def kill_cluster(kills: int, draw: random.Random) -> Tally:
    "kill -9 of a scheduler or of a worker in the middle of a sweep."
    tally = Tally("cluster")
    seconds, expected = measure(SWEEP)
    for turn in range(max(2, kills // 3)):
        with open_folder(), open_cluster() as (address, parts):
            process = start((*SWEEP, "--scheduler", address))
            time.sleep(draw.uniform(seconds / 3, 2 * seconds))
            victim = ("scheduler", "worker")[turn % 2]
            parts[victim].kill()
            said, _ = process.communicate(timeout=400)
            tally.note(f"{victim} killed, status {process.returncode}")
            wrong = [said.strip()[:400]] if "Traceback (most" in said else []
            for part in parts.values():
                part.kill()
                part.wait()
            tally.add(wrong + check_files() + finish_again(SWEEP, expected))
    return tally


def turn_clock(kills: int, draw: random.Random) -> Tally:
    "A sweep is killed, then the clock is set back by a day: the locks it left lie ahead."
    tally = Tally("clock")
    seconds, expected = measure(SWEEP)
    for elsewhere in (False, True):
        with open_folder():
            process = start(SWEEP)
            while not (locks := [*Path("out").glob("*.lock")]) and process.poll() is None:
                time.sleep(0.05)
            kill(process.pid)
            process.communicate()
            for lock in locks:
                held = json.loads(lock.read_text() or "{}")
                if elsewhere:
                    lock.write_text(json.dumps(held | {"place": "another machine"}))
                os.utime(lock, (time.time(), time.time() + 24 * 3600))
            tally.note("of another machine" if elsewhere else "of this machine")
            tally.add(check_files() + finish_again(SWEEP, expected))
    return tally


HARM: dict[str, Callable[[int, random.Random], Tally]] = {
    "run": kill_run,
    "sweep": kill_sweep,
    "ctrl-c": interrupt,
    "disk": fill_disk,
    "files": close_doors,
    "twins": start_twins,
    "cluster": kill_cluster,
    "clock": turn_clock,
}


def main() -> int:
    "Every kind of harm that is asked for; 1 when anything went wrong."
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--kills", type=int, default=20, help="trials of runs and of sweeps")
    parser.add_argument("--seed", type=int, default=0, help="RNG seed of the moments")
    parser.add_argument("--only", nargs="+", choices=HARM, default=[*HARM])
    asked = parser.parse_args()
    sys.path.insert(0, str(ROOT))
    wrong = 0
    for name in asked.only:
        tally = HARM[name](asked.kills, random.Random(f"{name}-{asked.seed}"))
        print(tally.show(), flush=True)
        wrong += len(tally.wrong)
    return int(wrong > 0)


if __name__ == "__main__":
    sys.exit(main())

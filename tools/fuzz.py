"""Wrong input, made at random, at every door: it is used, or refused in one line.

    python tools/fuzz.py --inputs 2000                    # so many for all doors together
    python tools/fuzz.py --inputs 500 --only data --seed 1

Records, cached models, sweep files with notebooks and locks, searches, data files, settings and
the command line are edited, cut, swapped and overfilled by Hypothesis. What must never happen:
an exception that is no `InputError`, an exit status beyond 2, a traceback, a control character on
the terminal, a file written for what was refused, weights or arrays believed that are others,
20 seconds, 8 GB. A line for each door says what came of its inputs; below it stands the shortest
input of each kind of failure, and the exit status is 1. Nothing is trained but one toy.
"""

import argparse
import contextlib
import copy
import io
import json
import os
import resource
import shutil
import signal
import struct
import sys
import tempfile
import traceback
import warnings
import zipfile
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from unittest.mock import patch

import numpy as np
import yaml
from hypothesis import HealthCheck, Phase, Verbosity, given, seed, settings
from hypothesis import strategies as st
from hypothesis.errors import HypothesisWarning

ROOT = Path(__file__).resolve().parent.parent
SECONDS = 20  # for one input
MEMORY = 8 * 2**30  # bytes, beyond what is in use at the start
TOY = ("digits", "--profile", "smoke", "--set", "recipe.epochs=2", "--set", "max_rounds=3")
CACHES = ("cache", ".hypothesis")
MINE = "inputs"  # the folder that a door may fill; emptied before each input

# ---- what is tried

SURPRISES = (  # texts that have broken something, somewhere
    *("", " ", "\0", "\n", "\r", "\x1b[2J", "\x1b]0;owned\x07", "\u202e", "\ufeff", "\ud800"),
    *("nan", "NaN", "inf", "-1", "1e999", "0x10", "1" * 40, "9" * 5000, "True", "None", "null"),
    *("..", "../x", "/", "/dev/null", "-", "--", "a" * 256, "x" * 5000, "%s{0}", "é" * 130, "~"),
    *("[" * 500, "{[]: 1}", "__import__('os').abort()", "$(touch hacked)", "'; drop", "digits\0"),
)
TEXTS = st.sampled_from(SURPRISES) | st.text(st.characters(), max_size=12)
NUMBERS = (
    st.sampled_from([0, -1, 1, 2, 2**31, 2**32, 2**63, 2**64, 10**30, 10**400, -0.0, 1e-300, 1e300])
    | st.integers()
    | st.floats()
)
LEAVES = st.none() | st.booleans() | NUMBERS | TEXTS


def branch(inner):
    "Lists and dictionaries of trees."
    return st.lists(inner, max_size=3) | st.dictionaries(TEXTS, inner, max_size=3)


TREES = st.recursive(LEAVES, branch, max_leaves=6)
CHANGES = st.sampled_from(["replace", "delete", "rename", "add", "wrap", "swap"])
EDITS = st.lists(st.tuples(CHANGES, st.integers(0, 10**6), TREES), max_size=3)
DAMAGES = st.lists(
    st.tuples(
        st.sampled_from(["cut", "flip", "insert", "double", "drop"]),
        st.floats(0, 1),
        st.binary(min_size=1, max_size=6) | st.just(b"[" * 10_000),
    ),
    max_size=2,
)


def list_places(tree, path=()):
    "Where every part of a tree stands, the tree itself left out."
    parts = []
    if isinstance(tree, dict):
        parts = [*tree.items()]
    elif isinstance(tree, list):
        parts = [*enumerate(tree)]
    for name, part in parts:
        yield (*path, name)
        yield from list_places(part, (*path, name))


def edit_tree(tree, edits):
    "A copy of a tree, with parts replaced, taken away, renamed, added, wrapped or swapped."
    tree = copy.deepcopy(tree)
    for change, number, value in edits:
        places = [*list_places(tree)]
        if not places:
            return value
        *above, name = places[number % len(places)]
        inner = tree
        for step in above:
            inner = inner[step]
        edit_part(inner, name, change, value)
    return tree


def edit_part(inner, name, change, value):
    "One change, in a dictionary or a list."
    if change == "delete":
        del inner[name]
    elif change == "wrap":
        inner[name] = [inner[name]]
    elif change == "swap":
        names = [*inner] if isinstance(inner, dict) else range(len(inner))
        other = names[len(names) // 2]
        inner[name], inner[other] = inner[other], inner[name]
    elif isinstance(inner, dict) and change in ("rename", "add"):
        new = value if isinstance(value, str) else "more"
        inner[new] = inner.pop(name) if change == "rename" else value
    else:
        inner[name] = value


def damage(data, damages):
    "Bytes that were cut, flipped, put in, doubled or left out."
    for kind, share, more in damages:
        at = int(share * len(data))
        if kind == "cut":
            data = data[:at]
        elif kind == "flip":
            data = data[:at] + bytes(b ^ 255 for b in data[at : at + 1]) + data[at + 1 :]
        elif kind == "insert":
            data = data[:at] + more + data[at:]
        elif kind == "double":
            data = data[:at] + data[at // 2 :]
        else:
            data = data[:at] + data[at + len(more) :]
    return data


def write_json(tree):
    "A tree as JSON; NaN and infinity as Python writes them."
    try:
        return json.dumps(tree).encode()
    except ValueError:  # thousands of digits
        return b"{"


# ---- what may come of it


class Failed(Exception):
    "What must not happen."


class Late(BaseException):
    "An input took too long."


def is_printable(text):
    "Whether a terminal obeys nothing in it."
    return all(line.isprintable() for line in text.split("\n"))


def list_files():
    "Everything below the working folder but caches, which may be filled at any time."
    return {p for p in Path().rglob("*") if p.is_file() and p.parts[0] not in CACHES}


def ask(function, *args, **options):
    "A call's result; None where it refuses. `Failed` for a refusal that is no printable line."
    from ganunlearn.core import InputError
    from ganunlearn.training import Diverged

    try:
        return function(*args, **options)
    except (InputError, Diverged) as e:
        if not str(e).isprintable():
            raise Failed(f"a message that is no line: {str(e)!r:.300}") from e
        return None


def call(*args):
    "Whether the program ends with status 0. `Failed` for what it must not do."
    from ganunlearn.cli import main

    before = list_files()
    told = {name: make_stream() for name in ("stdout", "stderr")}
    streams = contextlib.ExitStack()
    streams.enter_context(contextlib.redirect_stdout(told["stdout"]))
    streams.enter_context(contextlib.redirect_stderr(told["stderr"]))
    streams.enter_context(patch.object(sys, "argv", ["ganunlearn", *args]))
    status = 0
    with streams:
        try:
            main()
        except SystemExit as e:
            status = e.code or 0
    text = {name: read_stream(stream) for name, stream in told.items()}
    said = text["stdout"] + text["stderr"].replace("\r", "\n")  # bars go back to the left
    if status not in (0, 1, 2):
        raise Failed(f"exit status {status}: {said[-300:]!r}")
    if "Traceback" in said:
        raise Failed(f"a traceback: {said[-300:]!r}")
    if not is_printable(said):
        raise Failed(f"a control character: {said[-300:]!r}")
    if status == 2 and len(text["stderr"].splitlines()) > 3:
        raise Failed(f"more than a line: {said[-300:]!r}")
    if status == 2 and (new := list_files() - before):
        raise Failed(f"written for what was refused: {[*map(str, new)]}")
    return status == 0


def make_stream():
    "Where the program may write what UTF-8 can hold."
    return io.TextIOWrapper(io.BytesIO(), encoding="utf-8", write_through=True)


def read_stream(stream):
    "What was written."
    return stream.buffer.getvalue().decode()


# ---- the doors


@dataclass
class Door:
    "One way in: inputs, and what is done with one."

    inputs: st.SearchStrategy
    enter: Callable  # (toy, input) -> whether it was accepted
    counts: Counter = field(default_factory=Counter)
    failures: dict = field(default_factory=dict)  # kind -> shortest input, message


DOORS: dict[str, Door] = {}


def door(**inputs):
    "A decorator: the function is called with the toy and with what is drawn from `inputs`."

    def add(function):
        "Under the name of the function."
        DOORS[function.__name__] = Door(st.fixed_dictionaries(inputs), function)
        return function

    return add


@dataclass
class Toy:
    "What is edited: made once, in a few seconds."

    record: dict  # of a small run on digits
    committed: dict  # the smallest of the committed ones
    name: str  # of the record's file
    models: dict[str, bytes]  # cached ones, by file name
    trained: object  # the original
    sweep: dict
    notebook: dict
    search: dict
    journal: bytes


@door(
    command=st.sampled_from(["show", "verify", "pack", "run", "show packed"]),
    of=st.sampled_from(["record", "committed"]),
    edits=EDITS,
    damages=DAMAGES,
)
def records(toy, command, of, edits, damages):
    "A record that was edited or damaged, loose or packed."
    if command in ("verify", "run"):
        of = "record"
    data = damage(write_json(edit_tree(getattr(toy, of), edits)), damages)
    path = Path(MINE, toy.name)
    if command == "show packed":
        lines = (Path("packed") / f"{of}.jsonl").read_bytes().splitlines()
        numbers = [number for _, number, _ in edits] or [0]
        at = numbers[0] % len(lines)
        lines[at] = write_json(edit_tree(json.loads(lines[at]), edits))
        data = damage(b"\n".join(lines) + b"\n", damages)
        path = path.with_suffix(".jsonl")
    path.write_bytes(data)
    if command == "run":
        return call("run", *TOY, "--out", MINE)
    if command == "pack":
        return call("pack", MINE, "--out", f"{MINE}/all.jsonl")
    return call(command.split()[0], str(path))


@door(
    number=st.integers(0, 100),
    damages=DAMAGES,
    header=EDITS,
    swapped=st.booleans(),
    weight=st.none() | st.sampled_from(["nan", "float16", "shape", "missing", "extra"]),
)
def caches(toy, number, damages, header, swapped, weight):
    "A cached model that was damaged, or is another one: it is made again, or is what it was."
    from ganunlearn import store
    from ganunlearn.experiment import make_sets
    from ganunlearn.scenario import make_scenario
    from ganunlearn.sources import load

    folder = Path("cache", "models")
    names = sorted(name for name in toy.models if name.startswith("original"))
    others = sorted(toy.models)
    path = folder / names[0]
    data = toy.models[others[number % len(others)]] if swapped else toy.models[names[0]]
    data = damage(edit_safetensors(data, header, weight), damages)
    path.write_bytes(data)
    sc = make_scenario("digits", profile="smoke", recipe=dict(epochs=2), max_rounds=3)
    pool = load("digits")
    sets = make_sets(sc, pool, 0)
    retrain = patch.object(store, "train", lambda *args, **options: copy.deepcopy(toy.trained))
    with warnings.catch_warnings(), retrain:
        warnings.simplefilter("ignore")
        given = (sc, 0, "original", pool, sets.target)
        made = ask(store.make_model, *given, progress=False, device="cpu")
    if made is None:
        return False
    theirs, ours = made.trained.model.state_dict(), toy.trained.model.state_dict()
    for name, value in ours.items():
        if not np.array_equal(value.numpy(), theirs[name].numpy()):
            raise Failed(f"other weights were believed: {name}")
    return not made.fresh


def edit_safetensors(data, header, weight):
    "The file with an edited header, or with a weight that does not fit."
    (size,) = struct.unpack("<Q", data[:8])
    about = edit_tree(json.loads(data[8 : 8 + size]), header) if header else None
    if about is not None:
        text = write_json(about)
        return struct.pack("<Q", len(text)) + text + data[8 + size :]
    if weight is None:
        return data
    import torch
    from safetensors.torch import load as load_weights
    from safetensors.torch import save

    weights = load_weights(data)
    name = sorted(weights)[0]
    changed = {
        "nan": torch.full_like(weights[name], float("nan")),
        "float16": weights[name].half(),
        "shape": weights[name][:1].contiguous(),
    }
    if weight == "missing":
        del weights[name]
    else:
        weights[name if weight in changed else "more"] = changed.get(weight, torch.zeros(2))
    return save(weights, metadata=json.loads(data[8 : 8 + size]).get("__metadata__"))


YAML = (  # what a tree cannot say
    "notebook: tiny.ipynb\n",
    "a: &a [x, x, x, x, x, x, x, x, x]\nb: &b [*a, *a, *a, *a, *a, *a, *a, *a, *a]\n"
    "c: &c [*b, *b, *b, *b, *b, *b, *b, *b, *b]\nd: &d [*c, *c, *c, *c, *c, *c, *c, *c]\n"
    "base: [*d, *d, *d, *d, *d, *d, *d, *d]\n",
    "notebook: tiny.ipynb\ngrid: &g {a: *g}\n",
    "notebook: tiny.ipynb\nbase: &b\n  seed: [*b]\n",
    "notebook: !!python/object/apply:os.system ['touch hacked']\n",
    "notebook: !!binary aGk=\n",
    "notebook: tiny.ipynb\nbase: {? [a, b] : 1}\n",
    "notebook: tiny.ipynb\nbase: {<<: 3}\n",
    "notebook: tiny.ipynb\n---\nnotebook: tiny.ipynb\n",
    "notebook: tiny.ipynb\nnotebook: other.ipynb\n",
    "notebook: tiny.ipynb\nbase: {seed: 2020-01-01}\n",
    "notebook: tiny.ipynb\nbase: {seed: 1_000, rate: .inf, word: ~}\n",
    "notebook: tiny.ipynb\ngrid: {seed: " + "[" * 5000 + "\n",
    "include: [sweep.yml]\n",
    "include: [/dev/zero]\n",
    "\t- a",
    "%YAML 9.9\n---\nnotebook: tiny.ipynb\n",
)


@door(
    broken=st.sampled_from(["sweep", "yaml", "notebook", "lock"]),
    command=st.sampled_from([("--dry-run",), ("--dry-run", "--json"), ("--json",), ()]),
    text=st.sampled_from(YAML),
    edits=EDITS,
    damages=DAMAGES,
    tree=TREES,
)
def sweeps(toy, broken, command, text, edits, damages, tree):
    "A sweep file, a notebook or a lock that was edited, damaged, or is something else."
    from ganunlearn import sweep
    from ganunlearn.sweep import read_sweep

    made, notebook, lock = toy.sweep, toy.notebook, b""
    if broken == "sweep":
        made = edit_tree(made, edits)
    if broken == "notebook":
        notebook = edit_tree(notebook, edits)
    written = text.encode() if broken == "yaml" else write_yaml(made)
    texts = {"sweep": written, "yaml": written, "notebook": write_json(notebook)}
    if broken in texts:
        texts[broken] = damage(texts[broken], damages)
    Path(MINE, "sweep.yml").write_bytes(texts["yaml" if broken == "yaml" else "sweep"])
    Path(MINE, "tiny.ipynb").write_bytes(texts["notebook"])
    Path(MINE, "out").mkdir()
    if broken == "lock":
        held = dict(host="elsewhere", pid=1, born=0.0, sweep="s", token="t")
        lock = damage(write_json(tree if not edits else edit_tree(held, edits)), damages)
        for cell in read_sweep(Path(MINE, "sweep.yml")):
            Path(MINE, "out", f"{cell.name}.lock").write_bytes(lock)
    with patch.object(sweep, "try_cell", lambda *args, **options: ""):
        return call("sweep", f"{MINE}/sweep.yml", "--out", f"{MINE}/out", *command)


def write_yaml(tree):
    "A tree as YAML."
    try:
        return yaml.safe_dump(tree, allow_unicode=True).encode("utf-8", "surrogatepass")
    except ValueError:  # thousands of digits
        return b"- : -"


@door(
    file=st.sampled_from(["json", "journal", "both"]),
    line=st.integers(0, 100),
    edits=EDITS,
    damages=DAMAGES,
)
def searches(toy, file, line, edits, damages):
    "A search whose JSON file or journal was edited or damaged."
    from ganunlearn import search

    path = search.locate_search(MINE, "digits", "scrub", "smoke")
    if file != "journal":
        path.write_bytes(damage(write_json(edit_tree(toy.search, edits)), damages))
        ask(search.read_search, path)
    if file != "json":
        lines = toy.journal.splitlines()
        at = line % len(lines)
        lines[at] = write_json(edit_tree(json.loads(lines[at]), edits))
        path.with_suffix(".journal").write_bytes(damage(b"\n".join(lines) + b"\n", damages))
    asked = ("--trials", "3", "--seed", "100", "--profile", "smoke", "--out", MINE)
    path.with_name(f".{path.stem}.journal.lock").touch()  # it may be made, and stay
    return call("search", "digits", "scrub", *asked)


ARRAY_TYPES = ("u1", "i1", "i8", "u8", ">i4", "f2", "f4", "f8", "?", "c8", "U3", "S2", "O", "M8[s]")
ARRAYS = st.fixed_dictionaries(
    dict(
        dtype=st.sampled_from(ARRAY_TYPES),
        shape=st.lists(st.integers(0, 5), max_size=5)
        | st.sampled_from([[40, 6], [40], [20, 6], [20], [40, 4, 4, 3]]),
        value=st.sampled_from([0, 1, 3, -1, 255, 10**9, 2**63 - 1, 2**64 - 1, 1e300, float("nan")]),
    )
)
HEADERS = st.sampled_from(
    [
        "{'descr': '<f8', 'fortran_order': False, 'shape': (100000000000000,)}",
        "{'descr': '|O', 'fortran_order': False, 'shape': (1,)}",
        "{'descr': '<f8', 'fortran_order': False, 'shape': (-1, 6)}",
        "{'descr': '<f8', 'fortran_order': 3, 'shape': 6}",
        "{'descr': '|u1', 'fortran_order': False, 'shape': (2, 9223372036854775807)}",
        "(" * 500,
        "{'descr': [('a', '<f8')], 'fortran_order': False, 'shape': (40,)}",
    ]
)


@door(
    parts=st.dictionaries(
        st.sampled_from(["x_train", "y_train", "x_test", "y_test", "group_train", "group_test"])
        | TEXTS,
        st.none() | ARRAYS | HEADERS,
        max_size=3,
    ),
    encrypted=st.booleans(),
    damages=DAMAGES,
    name=st.just("mine") | TEXTS,
)
def data(toy, parts, encrypted, damages, name):
    "A data file of one's own that holds something else than it should."
    from ganunlearn.experiment import make_sets
    from ganunlearn.models import build
    from ganunlearn.scenario import make_scenario
    from ganunlearn.sources import load

    written = damage(make_npz(parts, encrypted), damages)
    path = Path(MINE, f"{name}.npz")
    try:
        path.write_bytes(written)
    except (OSError, ValueError):  # no file can have this name
        path = Path(MINE, "mine.npz")
        path.write_bytes(written)
    with patch.dict(os.environ, GANUNLEARN_DATA=str(Path(MINE).resolve())):
        listed = call("datasets")
        pool = ask(load, path.stem)
        if pool is None:
            return False
        few = dict(forget=4, retain=6, nonmember=2, validation=2, holdout=2)
        few |= dict(shadow_in=4, shadow_out=4, test=None)
        sc = ask(make_scenario, path.stem, profile="smoke", model="mlp", set_sizes=few)
        sets = ask(make_sets, sc, pool, 0) if sc else None
        if sets:
            sets.forget[:]
            ask(build, "mlp", pool.n_classes, pool.shape, seed=0)
        return listed and pool.sha256 is not None


def make_npz(parts, encrypted):
    "An archive of a good data set, with parts replaced, added or left out."
    rng = np.random.default_rng(0)
    arrays = dict(
        x_train=rng.normal(size=(40, 6)).astype("float32"),
        y_train=np.arange(40) % 4,
        x_test=rng.normal(size=(20, 6)).astype("float32"),
        y_test=np.arange(20) % 4,
    )
    for name, part in parts.items():
        arrays[name] = part
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, part in arrays.items():
            if part is not None:
                with contextlib.suppress(UnicodeEncodeError, ValueError, OSError, IndexError):
                    archive.writestr(f"{name}.npy", make_npy(part))
    written = packed.getvalue()
    if encrypted:  # the flag alone: what follows cannot be read without a password
        at = written.find(b"PK\x01\x02") + 8
        written = written[:at] + b"\x01" + written[at + 1 :]
    return written


def make_npy(part):
    "The bytes of an array; of a header alone where it is a text."
    if isinstance(part, str):
        header = part.encode() + b"\n"
        return b"\x93NUMPY\x01\x00" + struct.pack("<H", len(header)) + header + b"\0" * 480
    if isinstance(part, dict):
        array = np.zeros(part["shape"], part["dtype"])
        with warnings.catch_warnings(), contextlib.suppress(ValueError, OverflowError, TypeError):
            warnings.simplefilter("ignore")
            array[...] = part["value"]
        part = array
    stream = io.BytesIO()
    np.save(stream, part, allow_pickle=True)
    return stream.getvalue()


VALUES = TEXTS | NUMBERS.filter(lambda n: abs(n) < 10**100 or n != n).map(str)
PAIRS = st.tuples(
    st.sampled_from(["alpha", "lr", "betas", "view", "max_rounds", "recipe.epochs", "recipe.lr"])
    | st.sampled_from(["recipe.optimizer", "sizes.forget", "sizes.test", "critic_width"])
    | TEXTS,
    VALUES,
).map("=".join)
OPTIONS = {
    "--device": VALUES | st.just("cpu"),
    "--seed": VALUES | st.sampled_from(["3", "100"]),
    "--profile": VALUES | st.just("smoke"),
    "--experiment": VALUES | st.sampled_from(["own", "sort"]),
    "--model": VALUES | st.sampled_from(["lenet", "small", "resnet18"]),
    "--preset": VALUES | st.sampled_from(["scrub", "ganunlearn"]),
    "--set": PAIRS,
    "--out": VALUES.map(lambda text: f"{MINE}/{text}") | st.sampled_from(["taken", "/proc/x"]),
    "--trials": VALUES | st.just("2"),
    "--jobs": VALUES | st.just("1"),
    "--only": VALUES,
    "--scheduler": VALUES,
    "--gpu": st.just(""),
    "--json": st.just(""),
    "--refresh": st.just(""),
}


def pair_option(name):
    "An option with a value to go with it; a switch has none."
    return OPTIONS[name].map(lambda value: (name, value) if value or name == "--set" else (name,))


@door(
    plugin=st.none() | st.none() | VALUES | st.sampled_from(["json", "tools/fuzz.py"]),
    command=st.sampled_from(["run", "search", "show", "verify", "pack", "sweep", "datasets"]),
    names=st.just([])
    | st.lists(VALUES | st.sampled_from(["digits", "scrub", "taken"]), max_size=3),
    options=st.lists(st.sampled_from([*OPTIONS]).flatmap(pair_option), max_size=3),
)
def arguments(toy, plugin, command, names, options):
    "Anything that can be typed, and what only another program could pass."
    before = ["--plugin", plugin] if plugin is not None else []
    given = [part for option in options for part in option]
    usual = {"run": ["digits"], "search": ["digits", "scrub"], "datasets": []}
    if not names:
        names = usual.get(command, ["made"])
    return call(*before, command, *names, *given)


def change_some(*names):
    "None of these settings, mostly, or one or two of them."
    changed = st.dictionaries(st.sampled_from(names), LEAVES, max_size=2)
    return st.just({}) | st.just({}) | changed


@door(
    config=change_some("alpha", "lr", "betas", "view", "loss", "max_rounds", "conditional"),
    recipe=change_some("epochs", "lr", "amp", "optimizer", "level") | TREES,
    sizes=change_some("forget", "retain", "test", "shadow_in") | TREES,
    names=change_some("preset_name", "profile", "experiment", "model", "stem"),
    more=st.dictionaries(TEXTS, TREES, max_size=1),
    chosen=TREES,
)
def functions(toy, config, recipe, sizes, names, more, chosen):
    "What a program of one's own may pass: settings, seeds, devices, shapes."
    from ganunlearn.methods import find_method
    from ganunlearn.models import build
    from ganunlearn.scenario import derive_seed, make_key, make_scenario
    from ganunlearn.training import pick_device

    for use in (pick_device, find_method, lambda value: derive_seed(value, "game")):
        ask(use, chosen)
    ask(build, "mlp", chosen, (6,), seed=0)
    ask(build, "mlp", 3, chosen, seed=0)
    given = dict(recipe=recipe, set_sizes=sizes) | names | config | more
    sc = ask(make_scenario, "digits", **given)
    return sc is not None and ask(make_key, sc, 0, "") is not None


# ---- the toy


def make_toy():
    "Runs on digits, and writes what the doors edit."
    from ganunlearn import search
    from ganunlearn.experiment import make_sets
    from ganunlearn.scenario import make_scenario
    from ganunlearn.sources import load
    from ganunlearn.store import load_records, make_model, pack

    Path("taken").write_text("a file")
    Path(MINE).mkdir()
    call("run", *TOY, "--out", "made", "--device", "cpu")
    (path,) = Path("made").glob("*.json")
    (record,) = load_records("made")
    committed = load_records(ROOT / "nbs" / "results" / "sort.jsonl")
    smallest = min(committed, key=lambda record: len(json.dumps(record)))
    for name, packed in dict(record=[record, smallest], committed=[smallest]).items():
        pack(packed, Path("packed", f"{name}.jsonl"))
    sc = make_scenario("digits", profile="smoke", recipe=dict(epochs=2), max_rounds=3)
    sets = make_sets(sc, load("digits"), 0)
    made = make_model(sc, 0, "original", load("digits"), sets.target, device="cpu")
    files = Path("cache", "models").glob("*.safetensors")
    models = {file.name: file.read_bytes() for file in files}
    found = search.search("digits", "scrub", 2, seeds=(100,), profile="smoke", out="searched")
    (journal,) = Path("searched").glob("search-*.journal")
    cell = dict(cell_type="code", id="a", metadata=dict(tags=["parameters"]), outputs=[])
    cell |= dict(source=["seed: int = 0\n", "rate: float = 0.5\n", "word: str = ''\n", "out = ''"])
    notebook = dict(cells=[cell], metadata={}, nbformat=4, nbformat_minor=5)
    grid = dict(seed=[0, 1], word=["a", "b"])
    sweep = dict(notebook="tiny.ipynb", base=dict(rate=0.1), grid=grid, cells=[dict(seed=9)])
    return Toy(
        record=record,
        committed=smallest,
        name=path.name,
        models=models,
        trained=made.trained,
        sweep=sweep,
        notebook=notebook,
        search=found,
        journal=journal.read_bytes(),
    )


@contextlib.contextmanager
def work_little(record=None):
    "What takes long gives the toy's answer: runs, and trials of a search."
    from ganunlearn import experiment, search

    def make_up(bench, settings, seed):
        "A trial that takes no time."
        return dict(distance=0.5, differences={}, epochs_of_retain=1.0)

    def give_record(*args, **options):
        "A run that takes no time."
        return copy.deepcopy(record)

    with contextlib.ExitStack() as patches:
        patches.enter_context(patch.object(search, "try_settings", make_up))
        patches.enter_context(patch.object(search, "make_bench", lambda *args: None))
        if record:
            patches.enter_context(patch.object(experiment, "compute", give_record))
        yield


# ---- many inputs


def name_failure(e):
    "The kind of a failure: the error, and the last line of the library that it passed."
    frames = traceback.extract_tb(e.__traceback__)
    ours = [f for f in frames if "ganunlearn" in f.filename and "tools" not in f.filename]
    where = f"{Path(ours[-1].filename).name}:{ours[-1].lineno}" if ours else "at the door"
    what = str(e).partition(":")[0] if isinstance(e, Failed) else type(e).__name__
    return f"{what}, {where}"


def stop_late(*_):
    "The alarm."
    raise Late(f"more than {SECONDS} s")


def empty_inputs():
    "A fresh folder for the next input."
    shutil.rmtree(MINE, ignore_errors=True)
    Path(MINE).mkdir()


def explore(name, toy, inputs, start):
    "Puts inputs to a door, until so many were tried; kinds of failure are distinguished, and shrunk."
    target = DOORS[name]

    def enter(case):
        "One input."
        if target.counts["inputs"] >= inputs + 500:  # enough was shrunk
            return
        target.counts["inputs"] += 1
        empty_inputs()
        signal.alarm(SECONDS)
        try:
            accepted = target.enter(toy, **case)
            target.counts["accepted" if accepted else "refused"] += 1
        except KeyboardInterrupt:
            raise
        except BaseException as e:
            signal.alarm(0)
            kind = name_failure(e)
            target.counts["failed"] += 1
            if kind not in known:
                target.failures[kind] = (case, f"{type(e).__name__}: {e}")
                raise RuntimeError(kind) from e
        finally:
            signal.alarm(0)

    quiet = settings(
        max_examples=1,
        database=None,
        deadline=None,
        phases=(Phase.generate, Phase.shrink),
        suppress_health_check=[*HealthCheck],
        verbosity=Verbosity.quiet,
        print_blob=False,
        report_multiple_bugs=False,
    )
    known: set[str] = set()
    while target.counts["inputs"] < inputs:
        before = target.counts["inputs"]
        rest = settings(quiet, max_examples=inputs - before)
        trial = seed(start + len(known))(rest(given(target.inputs)(enter)))
        try:
            trial()
        except KeyboardInterrupt:
            raise
        except BaseException:
            known = {*target.failures}
        if target.counts["inputs"] == before:
            break


def report(name):
    "The line of a door, and what failed."
    target = DOORS[name]
    told = [f"{target.counts[part]} {part}" for part in ("inputs", "accepted", "refused", "failed")]
    print(f"{name:10} {', '.join(told)}", flush=True)
    for kind, (case, message) in target.failures.items():
        print(f"    {kind}: {message!r:.300}")
        print(f"        {case!r:.600}")


def main(inputs, only, start):
    "Every door, or those named; the exit status."
    names = only or [*DOORS]
    unknown = {*names} - {*DOORS}
    if unknown:
        print(f"no door {', '.join(unknown)}; there are {', '.join(DOORS)}")
        return 2
    os.environ["OMP_NUM_THREADS"] = "1"
    sys.path.insert(0, str(ROOT))
    warnings.simplefilter("ignore", HypothesisWarning)  # of examples that are long
    signal.signal(signal.SIGALRM, stop_late)
    with tempfile.TemporaryDirectory(prefix="ganunlearn-fuzz-") as folder:
        with contextlib.chdir(folder):
            os.environ["GANUNLEARN_CACHE"] = str(Path(folder, "cache"))
            os.environ.pop("GANUNLEARN_DATA", None)
            with work_little(), contextlib.redirect_stderr(io.StringIO()):
                toy = make_toy()
            limit_memory()
            with work_little(toy.record):
                for name in names:
                    explore(name, toy, -(-inputs // len(names)), start)
                    report(name)
        hacked = [*Path(folder).rglob("hacked")]
    if hacked:
        print("    a text was run as a program")
    return int(bool(hacked) or any(DOORS[name].failures for name in names))


def limit_memory():
    "What asks for more than is sensible gets an error, and not the machine."
    pages = int(Path("/proc/self/statm").read_text().split()[0])
    limit = pages * resource.getpagesize() + MEMORY
    resource.setrlimit(resource.RLIMIT_AS, (limit, limit))


if __name__ == "__main__":
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--inputs", type=int, default=2000, help="for all doors together")
    parser.add_argument("--only", action="append", help="a door; repeatable")
    parser.add_argument("--seed", type=int, default=0)
    args = parser.parse_args()
    sys.exit(main(args.inputs, args.only, args.seed))

"""Do two checkouts compute the same? One scenario of every experiment, played by both, here.

    python tools/same_bits.py OTHER                 # another checkout, for example an older commit
    python tools/same_bits.py OTHER --only sort

Weights, scores, intervals and keys are compared bit for bit; times are not. Exit status 1 where
anything differs. Both sides run on one thread, with a cache of their own.
"""

import argparse
import hashlib
import json
import os
import subprocess
import sys
import tempfile
import warnings
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
TIMES = {
    "seconds",
    "cpu_seconds",
    "speedup",
    "speedup_to_level",
    "peak_memory_bytes",
    "environment",
    "timed_together",
    "fresh",
}
NEWER = {"versions", "digest"}  # parts that records of older checkouts lack
OTHERS = ("finetune", "l1_sparse", "scrub", "salun", "bad_teacher")
EXPERIMENTS = {  # name -> data set, methods
    "purchase": ("purchase20", ("paper", "ganunlearn")),
    "alpha": ("purchase20", ("paper",)),
    "gan_losses": ("purchase20", ("paper",)),
    "overfitting": ("purchase2", ("paper",)),
    "sort": ("purchase20", ("paper", "ganunlearn")),
    "timing": ("purchase20", ("paper",)),
    "band": ("purchase20", ("paper",)),
    "audit": ("purchase20", ("paper", "ganunlearn")),
    "ablation": ("purchase20", ("ganunlearn",)),
    "comparison": ("purchase20", OTHERS),
    "request": ("purchase20", ("paper", "ganunlearn")),
    "in_a_row": ("purchase20", ("paper", "ganunlearn", "finetune")),
    "whole_class": ("purchase20", ("paper",)),
    "easiest": ("purchase20", ("ganunlearn",)),
    "u_lira": ("purchase20", ("ganunlearn",)),
    "fashion": ("fashion", ("paper", "ganunlearn")),
    "cifar10": ("cifar10", ("ganunlearn",)),
}
OPTIONS = {  # settings beside the presets', so that every option is played alone too
    "gan": dict(loss="gan"),
    "wgan_clip": dict(loss="wgan_clip"),
    "raw": dict(view="raw"),
    "standardise": dict(standardise=True),
    "kl_retain": dict(kl_retain=2.0),
    "kl_nonmember": dict(kl_nonmember=2.0),
    "average": dict(average=0.9),
    "distil": dict(teacher_epochs=2, distil=2.0),
    "conditional": dict(teacher_epochs=2, conditional=True, space="log_posterior"),
    "moving": dict(moving=True),
    "spare": dict(spare=0.5),
    "spare and kl": dict(spare=0.5, kl_nonmember=2.0),
    "spare and moving": dict(spare=0.5, moving=True),
    "rescale": dict(rescale=True, spare=0.5, kl_nonmember=1.0),
    "label_first": dict(view="label_first"),
}


def hash_weights(model):
    "sha256 over names and bytes of all weights."
    digest = hashlib.sha256()
    for name, value in model.state_dict().items():
        digest.update(name.encode())
        digest.update(value.cpu().contiguous().numpy().tobytes())
    return digest.hexdigest()[:16]


def without_times(value):
    "A record without what may differ from run to run."
    if isinstance(value, dict):
        return {k: without_times(v) for k, v in value.items() if k not in TIMES | NEWER}
    if isinstance(value, (list, tuple)):
        return [without_times(v) for v in value]
    return value


class Library:
    "The calls that this script needs, under the names that a checkout has for them."

    def __init__(self):
        try:
            self._today()
        except ImportError:
            self._before()

    def _today(self):
        from ganunlearn.experiment import compute
        from ganunlearn.methods import unlearn
        from ganunlearn.models import build
        from ganunlearn.scenario import make_key, make_scenario
        from ganunlearn.sources import load
        from ganunlearn.splits import split
        from ganunlearn.training import Recipe, train

        self.compute, self.unlearn, self.build, self.load = compute, unlearn, build, load
        self.split, self.train, self.Recipe = split, train, Recipe
        self.make_key, self.make_scenario = make_key, make_scenario

    def _before(self):
        from ganunlearn.baselines import forget_by
        from ganunlearn.data import load, split
        from ganunlearn.experiment import compute, key, scenario
        from ganunlearn.models import build
        from ganunlearn.training import Recipe, train
        from ganunlearn.unlearning import Config, unlearn

        self.compute, self.build, self.load = compute, build, load
        self.split, self.train, self.Recipe = split, train, Recipe
        self.make_key, self.make_scenario = key, scenario
        self.unlearn = lambda *args, **kw: (unlearn if isinstance(args[-1], Config) else forget_by)(
            *args, **kw
        )


def play_methods(library, say):
    "Weights, history and bill of every preset, option and other method on one small original."
    base = library.make_scenario("purchase20", profile="smoke")
    data = library.load("purchase20")
    sets = library.split(data, base.sizes, 1)
    start = library.build("mlp", data.n_classes, data.shape, seed=2)
    original = library.train(
        start, sets.target, library.Recipe(epochs=6), seed=3, progress=False
    ).model
    configs = {name: dict(preset_name=name) for name in ("paper", "ganunlearn", *OTHERS)}
    configs |= {name: changes for name, changes in OPTIONS.items()}
    deep = library.make_scenario("cifar10", preset_name="ganunlearn", profile="smoke").config
    settings = {
        n: library.make_scenario("purchase20", profile="smoke", **kw).config
        for n, kw in configs.items()
    }
    for name, config in (settings | {"deep": deep}).items():
        result = library.unlearn(
            original, sets.forget, sets.nonmember, sets.retain, config, seed=4, progress=False
        )
        found = dict(weights=hash_weights(result.model), history=result.history, cost=result.cost)
        say(f"method {name}", found | dict(stopped=result.stopped, threshold=result.threshold))


def play_experiments(library, say, only):
    "The record of one seed of every experiment and method."
    for experiment, (dataset, methods) in EXPERIMENTS.items():
        for method in methods:
            name = f"{experiment} {method}"
            if only and experiment not in only:
                continue
            try:
                data = library.load(dataset)
            except ValueError as error:
                print(f"SKIPPED: {name}: {error}", file=sys.stderr)
                continue
            scenario = library.make_scenario(
                dataset,
                preset_name=method,
                profile="smoke",
                experiment=experiment,
                set_sizes=dict(test=None),  # all others, as older checkouts have it
            )
            say(name, library.compute(scenario, 0, data, progress=False))


def play(out, only):
    "Everything, one JSON a line."
    warnings.simplefilter("ignore")
    library = Library()
    with open(out, "a", encoding="utf-8") as file:

        def say(name, found):
            print(json.dumps([name, without_times(found)]), file=file, flush=True)
            print(f"played {name}", file=sys.stderr, flush=True)

        if not only:
            play_methods(library, say)
        play_experiments(library, say, only)


def start(checkout, out, only):
    "A process that plays with the library of a checkout."
    threads = {f"{name}_NUM_THREADS": "1" for name in ("OMP", "MKL", "OPENBLAS")}
    env = os.environ | threads | {"PYTHONPATH": str(checkout)}
    env["GANUNLEARN_CACHE"] = os.environ.get("GANUNLEARN_CACHE", "") or tempfile.mkdtemp(
        prefix="bits-"
    )
    command = [sys.executable, __file__, str(checkout), "--play", str(out), "--only", *only]
    return subprocess.Popen(command, env=env, cwd=checkout)


def read(path):
    "What was played, by name."
    return dict(json.loads(line) for line in Path(path).read_text(encoding="utf-8").splitlines())


def list_leaves(value, path=""):
    "Every leaf of a record, with its path."
    if not isinstance(value, (dict, list)):
        return [(path, value)]
    items = value.items() if isinstance(value, dict) else enumerate(value)
    return [leaf for key, inner in items for leaf in list_leaves(inner, f"{path}/{key}")]


def compare(ours, theirs):
    "Print a line for each scenario; how many differ."
    bad = 0
    for name in dict.fromkeys([*theirs, *ours]):
        if name not in ours or name not in theirs:
            print(f"ONE SIDE  {name}")
            bad += 1
            continue
        mine, other = dict(list_leaves(ours[name])), dict(list_leaves(theirs[name]))
        differ = [path for path in {**other, **mine} if mine.get(path) != other.get(path)]
        bad += bool(differ)
        print(f"{'DIFFERS' if differ else 'equal':8} {name}: {len(mine)} values")
        for path in differ[:5]:
            print(f"    {path}: {other.get(path)} there, {mine.get(path)} here")
    print(f"{len(ours)} scenarios, {bad} differ")
    return bad


if __name__ == "__main__":
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("other", type=Path)
    parser.add_argument("--only", nargs="*", default=[], help="experiments")
    parser.add_argument("--play", help=argparse.SUPPRESS)
    parser.add_argument("--theirs", help="what OTHER gave before, kept in this file")
    args = parser.parse_args()
    if args.play:
        play(args.play, args.only)
        sys.exit()
    with tempfile.TemporaryDirectory() as folder:
        ours, theirs = Path(folder, "ours"), Path(args.theirs or Path(folder, "theirs"))
        sides = [start(ROOT, ours, args.only)]
        if not theirs.exists():
            sides.append(start(args.other.resolve(), theirs, args.only))
        failed = [side.wait() for side in sides]
        if any(failed):
            sys.exit("one side could not play: see above")
        there = read(theirs)
        if args.only:
            there = {name: found for name, found in there.items() if name.split()[0] in args.only}
        sys.exit(compare(read(ours), there) > 0)

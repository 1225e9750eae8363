"""The demo's households ask to be forgotten: their request is served by the default method.

    python tools/demo_request.py FOLDER        # certificate.json and report.html in FOLDER

The same model, the same households and the same unseen records as in the demo's table, which the
paper's method has forgotten. The original comes from the cache, where the demo has left it. Where
the default method is refused, the report says why, and what it advises is done: a new model is
trained without these households, which has a certificate in FOLDER-retrained.
"""

import os
import shutil
import sys
from functools import cache
from pathlib import Path

import numpy as np

from ganunlearn import honour
from ganunlearn import train as train_network
from ganunlearn.experiment import make_sets
from ganunlearn.models import build as build_network
from ganunlearn.request import Request, write_weights
from ganunlearn.scenario import make_scenario
from ganunlearn.sources import load
from ganunlearn.store import make_model

DATASET, SEED = "purchase100", 0  # those of the demo


@cache
def deal():
    "The demo's scenario, its data and its sets."
    scenario = make_scenario(DATASET, preset_name="paper", profile="cpu")
    data = load(DATASET)
    return scenario, data, make_sets(scenario, data, SEED)


def build():
    "The network, without weights."
    scenario, data, _ = deal()
    return build_network(scenario.model, data.n_classes, data.shape, seed=SEED, stem=scenario.stem)


def show_data():
    "All that the original was trained on."
    return deal()[2].target


def show_unseen():
    "Records that never trained it."
    return deal()[2].nonmember


def show_holdout():
    "Unseen records that only judge."
    return deal()[2].holdout


def train(model, data, seed):
    "A training as the original had it."
    return train_network(model, data, deal()[0].recipe, seed=seed, progress=False).model


def serve(request, out, retrain=False):
    "Serve a request, and say what became of it, and where its files are; was it granted?"
    done = honour(request, out, Path(__file__).parent, retrain=retrain, device="cpu")
    road = "by a new training" if retrain else "by the default method"
    print(f"\nThe same households, {road}:\n{done}\n")
    for path in (*sorted(out.glob("*.json")), out / "report.html"):
        print(os.path.relpath(path))
    return done.accepted


def clear(out, retrained):
    "Remove what an earlier call has left, and nothing else that lies there."
    for folder in (out, retrained):
        shutil.rmtree(folder, ignore_errors=True)
    for name in ("ledger.json", "ledger.key", "original.safetensors"):
        (out.parent / name).unlink(missing_ok=True)


def main(out):
    "Serve the request, and say where its files are."
    scenario, data, sets = deal()
    made = make_model(scenario, SEED, "original", data, sets.target, progress=False)
    retrained = out.with_name(f"{out.name}-retrained")
    clear(out, retrained)
    out.parent.mkdir(parents=True, exist_ok=True)
    weights = out.parent / "original.safetensors"
    write_weights(made.trained.model.cpu().state_dict(), weights)
    request = Request(
        model="demo_request:build",
        weights=str(weights),
        data="demo_request:show_data",
        unseen="demo_request:show_unseen",
        holdout="demo_request:show_holdout",
        train="demo_request:train",
        people=np.unique(sets.forget.group).tolist(),
        epochs=scenario.recipe.epochs,
        seed=SEED,
    )
    if not serve(request, out):
        serve(request, retrained, retrain=True)


if __name__ == "__main__":
    main(Path(sys.argv[1]).absolute())

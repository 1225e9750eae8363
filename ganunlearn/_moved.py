"Where names went: old import paths still work, and a `DeprecationWarning` says the new one."

import warnings
from collections.abc import Callable
from importlib import import_module
from types import ModuleType

GAME = ["game", "playing", "additions", "rounds", "door", "distances"]
HOMES = {  # former module -> the modules that have its names now
    "attack": ["attacks"],
    "audit": ["auditing"],
    "baselines": ["methods", *GAME],
    "data": ["core", "sources", "records", "splits"],
    "experiment": ["experiment", "verifying", "scenario", "store", "results"],
    "game": GAME,
    "request": ["request"],
    "search": ["search"],
    "serving": ["serving", "cases", "evidence", "checking"],
    "sweep": ["sweep"],
    "unlearning": ["methods", *GAME, "splits"],
}
RENAMED = {  # former module -> former name -> name
    "attack": {
        "auc_draws": "bootstrap_auc",
        "auc_interval": "estimate_auc",
        "cluster_draws": "draw_clusters",
        "features": "extract_features",
        "margins": "compute_margins",
        "rate_draws": "bootstrap_rate",
        "rate_interval": "estimate_rate",
    },
    "audit": {
        "agreement": "correlate_ranks",
        "metrics": "compute_metrics",
        "overall": "combine_verdicts",
        "reading": "read_answers",
        "tpr_at": "estimate_tpr",
    },
    "baselines": {
        "forget_by": "unlearn",
    },
    "data": {
        "batch": "read_batch",
        "datasets": "list_datasets",
        "kmeans_labels": "label_by_kmeans",
        "purchase_rows": "build_purchase_rows",
        "same_rows": "group_identical_rows",
    },
    "experiment": {
        "caption": "write_caption",
        "gap_closed": "compute_gap",
        "key": "make_key",
        "scenario": "make_scenario",
        "scenario_of": "read_scenario",
        "verdict": "judge_record",
    },
    "game": {},
    "request": {
        "hash_weights": "hash_state",
    },
    "search": {
        "SPACES": "SEARCH_SPACES",
        "attempt": "try_settings",
        "bench": "make_bench",
        "best": "find_best",
        "score": "score_model",
        "search_path": "locate_search",
    },
    "serving": {},
    "sweep": {
        "attempt": "try_cell",
        "cell_name": "name_cell",
        "holder": "read_holder",
        "parameters": "read_parameters",
        "plan": "plan_sweep",
        "stale": "is_stale",
        "typed": "check_type",
    },
    "unlearning": {
        "cycle": "cycle_batches",
        "metered": "measure_cost",
        "null_distances": "draw_null_distances",
        "preset": "find_preset",
    },
}


def forward(
    module: str,  # its `__name__`
) -> Callable[[str], object]:
    "A module's `__getattr__`, which finds the module's former names where they are now."
    former = module.rpartition(".")[2]

    def find(name: str) -> object:
        if name == "__all__":  # asked for by `from ... import *`
            return _list_names(former)
        new = RENAMED[former].get(name, name)
        home = _find_home(former, new)
        if home is None:
            raise AttributeError(f"module {module!r} has no attribute {name!r}")
        told = f"{module}.{name} is now {home.__name__}.{new}"
        warnings.warn(told, DeprecationWarning, stacklevel=2)
        return vars(home)[new]

    return find


def _find_home(former: str, name: str) -> ModuleType | None:
    "The module that now has a name of a former one."
    if name.startswith("__"):
        return None
    homes = (import_module(f"ganunlearn.{home}") for home in HOMES[former])
    return next((home for home in homes if name in home.__all__), None)


def _list_names(former: str) -> list[str]:
    "All that can be had by the name of a former module."
    names = {*RENAMED[former]}
    for home in HOMES[former]:
        names.update(import_module(f"ganunlearn.{home}").__all__)
    return sorted(names)

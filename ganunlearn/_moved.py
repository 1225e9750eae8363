"Where names went: old module paths go on working, with a `DeprecationWarning` that says the new one."

import warnings
from collections.abc import Callable
from importlib import import_module

HOMES = {  # old module -> the modules that have its names now
    "data": ("core", "sources", "records", "splits"),
    "unlearning": ("game", "methods", "splits"),
    "attack": ("attacks",),
    "audit": ("auditing",),
    "baselines": ("methods",),
}
RENAMED = {  # old name -> new name
    "agreement": "correlate_ranks",
    "auc_draws": "bootstrap_auc",
    "auc_interval": "estimate_auc",
    "batch": "read_batch",
    "cluster_draws": "draw_clusters",
    "cycle": "cycle_batches",
    "datasets": "list_datasets",
    "features": "extract_features",
    "kmeans_labels": "label_by_kmeans",
    "margins": "compute_margins",
    "metered": "measure_cost",
    "metrics": "compute_metrics",
    "null_distances": "draw_null_distances",
    "overall": "combine_verdicts",
    "preset": "find_preset",
    "purchase_rows": "build_purchase_rows",
    "rate_draws": "bootstrap_rate",
    "rate_interval": "estimate_rate",
    "reading": "read_answers",
    "same_rows": "group_identical_rows",
    "tpr_at": "estimate_tpr",
}


def forward(module: str) -> Callable[[str], object]:
    "A module's `__getattr__` that finds its former names where they are now."
    old = module.rpartition(".")[2]

    def find(name: str) -> object:
        if name.startswith("__"):
            raise AttributeError(f"module {module!r} has no attribute {name!r}")
        new = RENAMED.get(name, name)
        for home in HOMES[old]:
            there = import_module(f"ganunlearn.{home}")
            if hasattr(there, new):
                now = f"ganunlearn.{home}.{new}"
                warnings.warn(f"{module}.{name} is now {now}", DeprecationWarning, stacklevel=2)
                return getattr(there, new)
        raise AttributeError(f"module {module!r} has no attribute {name!r}")

    return find

"Make a trained classifier forget records, and see by attack how well that worked."

import os
from importlib import import_module
from typing import TYPE_CHECKING

__version__ = "0.2.0"

_HOMES = {  # name -> its module, which is imported when the name is first asked for
    "unlearn": "methods",
    "audit": "auditing",
    "relearn": "relearning",
    "evaluate_margin": "attacks",
    "accuracy": "training",
    "honour": "serving",
    "Request": "request",
    "check_certificate": "checking",
    "load": "sources",
    "list_datasets": "sources",
    "split": "splits",
    "Sizes": "splits",
    "build": "models",
    "train": "training",
    "Recipe": "training",
    "fit_attack": "attacks",
    "METHODS": "methods",
    "PRESETS": "game",
    "find_preset": "game",
    "Config": "game",
    "InputError": "core",
    "Diverged": "training",
}
_BEFORE = {"METHODS": "rivals", "unlearn": "rivals"}  # name -> what registers more of its kind
__all__ = [*_HOMES]

if "IN_TEST" in os.environ:  # nbdev's tests: a notebook on each core
    from ganunlearn._threads import limit_threads

    limit_threads()

if TYPE_CHECKING:
    from ganunlearn.attacks import evaluate_margin as evaluate_margin
    from ganunlearn.attacks import fit_attack as fit_attack
    from ganunlearn.auditing import audit as audit
    from ganunlearn.checking import check_certificate as check_certificate
    from ganunlearn.core import InputError as InputError
    from ganunlearn.game import PRESETS as PRESETS
    from ganunlearn.game import Config as Config
    from ganunlearn.game import find_preset as find_preset
    from ganunlearn.methods import METHODS as METHODS
    from ganunlearn.methods import unlearn as unlearn
    from ganunlearn.models import build as build
    from ganunlearn.relearning import relearn as relearn
    from ganunlearn.request import Request as Request
    from ganunlearn.serving import honour as honour
    from ganunlearn.sources import list_datasets as list_datasets
    from ganunlearn.sources import load as load
    from ganunlearn.splits import Sizes as Sizes
    from ganunlearn.splits import split as split
    from ganunlearn.training import Diverged as Diverged
    from ganunlearn.training import Recipe as Recipe
    from ganunlearn.training import accuracy as accuracy
    from ganunlearn.training import train as train


def __getattr__(name: str) -> object:
    "One of `__all__`, from its module."
    if name not in _HOMES:
        raise AttributeError(f"module 'ganunlearn' has no attribute {name!r}")
    if name in _BEFORE:
        import_module(f"ganunlearn.{_BEFORE[name]}")
    return getattr(import_module(f"ganunlearn.{_HOMES[name]}"), name)


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})

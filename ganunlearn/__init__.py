"Make a trained classifier forget records, and see by attack how well that worked."

from importlib import import_module
from typing import TYPE_CHECKING

__version__ = "0.1.0"

HOMES = {  # name -> its module; nothing is imported before it is asked for
    "Config": "game",
    "InputError": "core",
    "PRESETS": "game",
    "Recipe": "training",
    "Sizes": "splits",
    "accuracy": "training",
    "audit": "auditing",
    "build": "models",
    "fit_attack": "attacks",
    "list_datasets": "sources",
    "load": "sources",
    "split": "splits",
    "train": "training",
    "unlearn": "game",
}
__all__ = [*HOMES]

if TYPE_CHECKING:
    from ganunlearn.attacks import fit_attack
    from ganunlearn.auditing import audit
    from ganunlearn.core import InputError
    from ganunlearn.game import PRESETS, Config, unlearn
    from ganunlearn.models import build
    from ganunlearn.sources import list_datasets, load
    from ganunlearn.splits import Sizes, split
    from ganunlearn.training import Recipe, accuracy, train


def __getattr__(name: str) -> object:
    if name not in HOMES:
        raise AttributeError(f"module 'ganunlearn' has no attribute {name!r}")
    return getattr(import_module(f"ganunlearn.{HOMES[name]}"), name)


def __dir__() -> list[str]:
    return sorted({*globals(), *HOMES})

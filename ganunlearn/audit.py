"""Old address: see `ganunlearn._moved`.

Once this module is imported, `ganunlearn.audit` is the module and hides the function, so the module
can be called.
"""

import sys
from types import ModuleType

from ganunlearn._moved import forward

__getattr__ = forward(__name__)


class _Callable(ModuleType):
    "A module that answers a call as the function `audit` does."

    def __call__(self, *args: object, **kwargs: object) -> object:
        from ganunlearn.auditing import audit

        return audit(*args, **kwargs)  # type: ignore[arg-type]


sys.modules[__name__].__class__ = _Callable

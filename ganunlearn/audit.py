"Old address: see `ganunlearn._moved`. The module is callable, since `ganunlearn.audit` is a function now."

import sys
from types import ModuleType

from ganunlearn._moved import forward

__getattr__ = forward(__name__)


class _Function(ModuleType):
    "A module that answers a call as the function of its name does."

    def __call__(self, *args: object, **kwargs: object) -> object:
        from ganunlearn.auditing import audit

        return audit(*args, **kwargs)


sys.modules[__name__].__class__ = _Function

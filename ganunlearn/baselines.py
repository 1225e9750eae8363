"Old address: see `ganunlearn._moved`."

from ganunlearn._moved import forward

__getattr__ = forward(__name__)

"""What is done once: the latest of what was done is remembered, bounded."""

from collections import OrderedDict
from collections.abc import Hashable

_REMEMBERED = 5_000


class Once:
    """Says of each key whether it comes for the first time."""

    def __init__(self, remembered: int = _REMEMBERED) -> None:
        self._remembered = remembered
        self._seen: OrderedDict[Hashable, None] = OrderedDict()

    def first(self, key: Hashable) -> bool:
        """Whether this key has not come before; it has from now on."""
        if key in self._seen:
            return False
        self._seen[key] = None
        if len(self._seen) > self._remembered:
            self._seen.popitem(last=False)
        return True

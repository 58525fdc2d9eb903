"""Text as it streams out of a model: nothing of a stop string is shown, not even its beginning."""

from collections.abc import Sequence


class StopFilter:
    """Lets text through piece by piece, up to a stop string; blanks at the very start are dropped."""

    def __init__(self, stop: Sequence[str]) -> None:
        self._stop = tuple(text for text in stop if text)
        self._held = ""
        self._begun = False
        self.stopped = False

    def feed(self, piece: str) -> str:
        """The text that may be shown now; `stopped` is set once a stop string is complete."""
        if self.stopped:
            return ""
        self._held += piece
        end = min((at for text in self._stop if (at := self._held.find(text)) >= 0), default=-1)
        self.stopped = end >= 0
        return self._release(end if self.stopped else len(self._held) - self._undecided())

    def finish(self) -> str:
        """What was held back in case it became a stop string."""
        return "" if self.stopped else self._release(len(self._held))

    def _release(self, end: int) -> str:
        text, self._held = self._held[:end], self._held[end:]
        if not self._begun:
            text = text.lstrip()
            self._begun = bool(text)
        return text

    def _undecided(self) -> int:
        """How many of the last characters may be the beginning of a stop string."""
        longest = max((len(text) for text in self._stop), default=1) - 1
        for length in range(min(longest, len(self._held)), 0, -1):
            if any(text.startswith(self._held[-length:]) for text in self._stop):
                return length
        return 0

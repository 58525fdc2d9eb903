"""What was said where, bounded: the turns that a follow-up may lean on."""

from collections import OrderedDict

from bot.messages import Answer, Turn

MOST_TURNS = 6
_MOST_CONVERSATIONS = 2_000
_KEPT = 24 * 3600.0  # seconds


class Conversations:
    """The last turns of each conversation, by an opaque key; the oldest conversations are forgotten first."""

    def __init__(self, most: int = _MOST_CONVERSATIONS) -> None:
        self._most = most
        self._kept: OrderedDict[str, tuple[float, tuple[Turn, ...]]] = OrderedDict()

    def turns(self, key: str, now: float) -> tuple[Turn, ...]:
        """What was said, the oldest first; nothing after a day."""
        said, turns = self._kept.get(key, (0.0, ()))
        return turns if now - said < _KEPT else ()

    def remember(self, key: str, turns: tuple[Turn, ...], now: float) -> None:
        """Keep the last of these turns under a key, in place of what was there."""
        self._kept[key] = now, turns[-MOST_TURNS:]
        self._kept.move_to_end(key)
        if len(self._kept) > self._most:
            self._kept.popitem(last=False)

    def forget(self, key: str) -> None:
        """Forget a conversation, as after its thread was deleted."""
        self._kept.pop(key, None)


def exchange(question: str, answer: Answer) -> tuple[Turn, Turn]:
    """A question and its answer as turns."""
    return Turn("user", question), Turn("assistant", " ".join(sentence.text for sentence in answer.sentences))

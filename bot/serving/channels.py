"""Where the bot speaks: channels can be allowed, denied, or set to have every question answered."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class ChannelPolicy:
    """Ids of channels as the platform writes them. Nothing allowed means all but the denied ones."""

    allowed: frozenset[str] = frozenset()
    denied: frozenset[str] = frozenset()
    answer_all: frozenset[str] = frozenset()

    def speaks_in(self, *channels: str) -> bool:
        """Whether the bot answers in a channel; the channels are it and what it is in (a thread's parent)."""
        if self.denied.intersection(channels):
            return False
        return not self.allowed or bool((self.allowed | self.answer_all).intersection(channels))

    def answers_all(self, *channels: str) -> bool:
        """Whether every question in a channel is for the bot, mentioned or not."""
        return bool(self.answer_all.intersection(channels)) and self.speaks_in(*channels)

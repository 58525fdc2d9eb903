"""What was said where, bounded in turns, conversations and time; and where the bot speaks."""

from bot.messages import Turn
from bot.serving.channels import ChannelPolicy
from bot.serving.conversations import Conversations, exchange
from tests.fakes import ANSWERED

HOUR = 3600.0


def turns(*texts: str) -> tuple[Turn, ...]:
    return tuple(Turn("user", text) for text in texts)


class TestConversations:
    def test_the_last_turns_are_kept(self) -> None:
        kept = Conversations()
        kept.remember("a", turns(*"12345678"), 0.0)
        assert kept.turns("a", 1.0) == turns(*"345678")
        assert kept.turns("b", 1.0) == ()

    def test_for_a_day(self) -> None:
        kept = Conversations()
        kept.remember("a", turns("1"), 0.0)
        assert kept.turns("a", 23 * HOUR)
        assert not kept.turns("a", 25 * HOUR)

    def test_the_oldest_conversations_are_forgotten_first(self) -> None:
        kept = Conversations(most=2)
        for key in ("a", "b", "a", "c"):
            kept.remember(key, turns(key), 0.0)
        assert [key for key in "abc" if kept.turns(key, 0.0)] == ["a", "c"]

    def test_forgetting(self) -> None:
        kept = Conversations()
        kept.remember("a", turns("1"), 0.0)
        kept.forget("a")
        kept.forget("a")
        assert not kept.turns("a", 0.0)

    def test_an_exchange_has_no_markers(self) -> None:
        asked, answered = exchange("Who?", ANSWERED)
        assert asked == Turn("user", "Who?")
        assert answered.text.endswith("The limit is 700 million monthly active users.")
        assert "[" not in answered.text


class TestChannels:
    def test_everywhere_by_default(self) -> None:
        assert ChannelPolicy().speaks_in("1") and not ChannelPolicy().answers_all("1")

    def test_allowed_and_denied_with_their_threads(self) -> None:
        policy = ChannelPolicy(allowed=frozenset("1"), denied=frozenset("2"))
        assert policy.speaks_in("9", "1")
        assert not policy.speaks_in("3")
        assert not policy.speaks_in("1", "2")

    def test_answering_all_is_being_allowed_but_not_if_denied(self) -> None:
        policy = ChannelPolicy(allowed=frozenset("1"), answer_all=frozenset("23"), denied=frozenset("3"))
        assert policy.speaks_in("2") and policy.answers_all("2")
        assert not policy.answers_all("3") and not policy.answers_all("1")

"""Text from and to Slack: what people typed as plain text, and plain text that Slack makes nothing of."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.adapters.slack.text import markdown, mentions, mrkdwn, plain_text
from tests.platforms.slack_text import as_read, links_in, mentions_in


@pytest.mark.parametrize(
    ("typed", "read"),
    [
        ("<@UBOT> May I use it?", "May I use it?"),
        ("Hey <@UBOT|herald>, R&amp;D &lt;3 &amp;lt;", "Hey , R&D <3 &lt;"),
        ("what of <@U2|bob> and <@U3>?", "what of @bob and @someone?"),
        ("see <#C1|general> or <#C2>", "see #general or #channel"),
        ("<!here> <!subteam^S1|@team> <!date^1^{date}|May 1>", "@here @team May 1"),
        ("<https://a.b/c|the page> <https://a.b/c> <mailto:a@b.c>", "the page https://a.b/c a@b.c"),
    ],
)
def test_entities_become_what_their_reader_sees(typed: str, read: str) -> None:
    assert plain_text(typed, "UBOT") == read


def test_mentions_are_known_by_their_ids() -> None:
    assert mentions("<@U1> and <@U2|bob> in <#C1>") == {"U1", "U2"}


@pytest.mark.parametrize(
    "text",
    [
        "<@U1> <!here> <#C1> <!subteam^S1>",
        "https://evil.example/x www.evil.example a@b.c",
        "[a](https://evil.example) ![b](x) [c]: http://d",
        "**bold** _it_ `code` ~~no~~ ```x```",
        "# head\n> quote\n- item\n1. one",
        "[a](<https://evil.example>) <https://evil.example|x>",
    ],
)
def test_plain_text_forms_no_mention_and_no_link(text: str) -> None:
    assert not mentions_in(mrkdwn(text)) and not links_in(mrkdwn(text))
    assert not mentions_in(markdown(text)) and not links_in(markdown(text), markdown=True)


@given(st.text(st.sampled_from("<>&@#!|[]()*_`~:/.h t p w U1\n-\\"), max_size=60))
def test_no_text_forms_a_mention_or_a_link(text: str) -> None:
    assert not mentions_in(mrkdwn(text)) and not links_in(mrkdwn(text))
    assert not mentions_in(markdown(text)) and not links_in(markdown(text), markdown=True)
    assert as_read(mrkdwn(text)).replace("\u2060", "") == text


def test_markers_and_ordinary_sentences_stay_as_they_are() -> None:
    said = "Section 1.b.iii says: keep the notice. [1][2] More than 700 million (monthly)."
    assert markdown(said) == mrkdwn(said) == said

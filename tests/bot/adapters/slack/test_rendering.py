"""Golden renderings: the same answers as in the terminal and on Discord, as Block Kit, within Slack's limits."""

import json
from dataclasses import replace
from typing import Any

import pytest

from bot.adapters.rendering import Line, Span, plain, render, render_answer, render_cut
from bot.adapters.slack.blocks import Content, modal, pages, paint
from bot.adapters.slack.contents import Final, contents
from bot.adapters.slack.sharing import share_button, shared_answer, shared_call
from bot.brief import explain
from bot.commands import COMMANDS, called
from bot.errors import UsageError
from bot.license_lookup import look_up
from bot.messages import Draft, Sentence
from bot.replies import Cut, OfferReply, PassageReply
from bot.source_reading import list_sources, read_source
from knowledge.errors import SourceError
from knowledge.loading import Library
from tests.fakes import ANSWERED, APPLE, APPLE_QUOTE, QUOTED, UNKNOWN
from tests.platforms.slack_bot import real_answer
from tests.platforms.slack_rules import POST_TEXT, block_faults, text_length, view_faults
from tests.platforms.slack_text import links_in_blocks, mentions_in_blocks, shown_in_blocks

BUTTONS = "\n[1] ¶ 10\n[2] § 2\nGood answer\nBad answer"
LIBRARY = Library.open()


def shown(final: Final, key: str = "") -> str:
    """What a reader sees of all messages."""
    return "\n".join(shown_in_blocks(list(page.blocks)) for page in contents(final, key))


def without_blanks(lines: list[Line]) -> str:
    """Lines as plain text; Slack sets paragraphs apart by itself."""
    return "\n".join(line for line in plain(lines).splitlines() if line.strip())


class TestGolden:
    def test_an_answer(self) -> None:
        assert shown(ANSWERED, "key") == without_blanks(render_answer(ANSWERED)) + BUTTONS

    def test_quotes_are_labelled_and_not_said_twice(self) -> None:
        assert shown(QUOTED) == without_blanks(render_answer(QUOTED)) + "\n[1] ¶ 10"

    def test_a_refusal_has_no_sources(self) -> None:
        assert shown(UNKNOWN, "key") == without_blanks(render_answer(UNKNOWN)) + "\nGood answer\nBad answer"

    def test_an_answer_that_was_cut_off(self) -> None:
        cut = Cut("Stopped.", Draft((APPLE,), (APPLE_QUOTE,)))
        assert shown(cut) == without_blanks(render_cut(cut)) + "\n[1] ¶ 10"
        assert shown(cut).splitlines()[0] == "Companies like Apple, Snap and TikTok cannot use it freely. [1]"
        assert "\nStopped.\n" in shown(cut)

    def test_a_clause_keeps_its_own_line_breaks(self) -> None:
        reply = look_up(LIBRARY, "1.b.i")
        exact = [
            part["text"]
            for block in contents(reply)[0].blocks
            for element in block.get("elements", [])
            if element["type"] == "rich_text_preformatted"
            for part in element["elements"]
        ]
        assert getattr(reply, "text", "") == exact[0]

    def test_styles(self) -> None:
        blocks = paint(render_answer(QUOTED))
        label, quote = blocks[0], blocks[1]["elements"][0]["elements"]
        assert label["type"] == "context" and label["elements"][0]["type"] == "plain_text"
        assert [part.get("style") for part in quote] == [{"italic": True}, None, {"bold": True}]

    def test_a_passage_has_its_quote_in_bold(self) -> None:
        passage = PassageReply(1, "The video", "¶ 10", "This means ", "companies like Apple", " are not.")
        parts = paint(render(passage))[1]["elements"][0]["elements"]
        assert [part["text"] for part in parts] == ["This means ", "companies like Apple", " are not."]
        assert parts[1]["style"] == {"bold": True}

    def test_help_is_written_as_it_is_typed_here(self) -> None:
        text = shown_in_blocks(list(contents(_help())[0].blocks))
        assert "/herald help" in text and "/herald about" in text and "/license [clause]" in text


def _help() -> Any:
    from bot.commands import EXAMPLES
    from bot.replies import CommandLine, HelpReply

    lines = tuple(CommandLine(command.usage, command.summary) for command in COMMANDS)
    return HelpReply("Ask. For example:", EXAMPLES, lines)


EVERYTHING: list[Final] = [
    ANSWERED,
    QUOTED,
    UNKNOWN,
    Cut("Stopped."),
    _help(),
    look_up(LIBRARY, ""),
    look_up(LIBRARY, "1.b.iii"),
    look_up(LIBRARY, "agreement thing"),
    look_up(LIBRARY, "2"),
    explain(LIBRARY),
    list_sources(LIBRARY),
    read_source(LIBRARY, "transcript"),
    read_source(LIBRARY, "llama-2-license"),
]


def faults(page: Content) -> list[str]:
    """What Slack would refuse of a message."""
    blocks = list(page.blocks)
    found = block_faults(blocks) + mentions_in_blocks(blocks) + links_in_blocks(blocks)
    return found + ([] if text_length(blocks) <= 13_000 and 0 < len(page.text) < 4_000 < POST_TEXT else ["too long"])


class TestLimits:
    @pytest.mark.parametrize("final", EVERYTHING, ids=lambda final: type(final).__name__)
    def test_everything_is_within_them(self, final: Final) -> None:
        assert [fault for page in contents(final, "key") for fault in faults(page)] == []

    def test_a_long_answer_is_split_and_complete(self) -> None:
        sentences = tuple(Sentence(f"Sentence {number} " + "word " * 200 + "ends.", (1,)) for number in range(40))
        long = replace(ANSWERED, sentences=sentences)
        assert [fault for page in contents(long, "key") for fault in faults(page)] == []
        assert len(contents(long)) > 1
        assert all(f"Sentence {number} word" in shown(long) for number in range(40))

    def test_a_long_clause_is_split_at_its_lines_and_complete(self) -> None:
        text = "\n".join(f"  {number}. " + "x " * 30 for number in range(400))
        blocks = paint([Line((Span(text),), exact=True)])
        parts = [block["elements"][0]["elements"][0]["text"] for block in blocks]
        assert "\n".join(parts) == text
        assert [fault for page in pages(blocks) for fault in faults(page)] == []

    def test_one_long_word_is_cut_where_it_must_be(self) -> None:
        blocks = paint([Line((Span("x" * 7_000),)), Line((Span("y" * 7_000, "dim"),))])
        assert shown_in_blocks(blocks).replace("\n", "").replace(" ", "") == "x" * 7_000 + "y" * 7_000
        assert block_faults(blocks) == []

    def test_a_modal_of_too_much_says_so(self) -> None:
        view = modal("A title that is far too long for Slack", paint([Line((Span("x"),)), Line()] * 200))
        assert view_faults(view, ("modal",)) == []
        assert "The rest is too long" in shown_in_blocks(view["blocks"])

    def test_offers_are_buttons_that_carry_their_call(self) -> None:
        offer = look_up(LIBRARY, "agreement thing")
        assert isinstance(offer, OfferReply)
        row = contents(offer)[0].blocks[-1]["elements"]
        assert row[0]["value"] == f"license {offer.choices[0].value}"


class TestSharing:
    def test_an_answer_comes_out_as_it_went_in(self) -> None:
        answer = real_answer()
        value = _value(share_button(answer, called("Who?", COMMANDS)))
        question, shared = shared_answer(LIBRARY, value)
        assert question == "Who?"
        assert (shared.sentences, shared.citations, shared.notes) == (
            answer.sentences,
            answer.citations,
            answer.notes,
        )

    def test_a_quote_is_carried_by_its_place_only(self) -> None:
        citation = real_answer().citations[0]
        quoted = replace(QUOTED, sentences=(Sentence(citation.reading, (1,), quoted=True),), citations=(citation,))
        value = _value(share_button(quoted, called("Who?", COMMANDS)))
        assert shared_answer(LIBRARY, value)[1].sentences == quoted.sentences

    def test_a_reply_is_carried_by_its_command(self) -> None:
        value = _value(share_button(look_up(LIBRARY, "2"), called("/license 2", COMMANDS)))
        call = shared_call(value)
        assert call is not None and (call.command.name, call.argument) == ("license", "2")

    def test_what_was_cut_off_or_is_too_long_is_not_shared(self) -> None:
        assert share_button(Cut("Stopped."), called("Who?", COMMANDS)) == []
        noise = "".join(chr(0x4E00 + (number * 7919) % 20_000) for number in range(3_000))
        long = replace(UNKNOWN, sentences=(Sentence(noise, ()),))
        assert share_button(long, called("Who?", COMMANDS)) == []

    def test_a_source_that_has_changed_is_no_longer_quoted(self) -> None:
        value = _value(share_button(ANSWERED, called("Who?", COMMANDS)))
        with pytest.raises(SourceError, match="has changed"):
            shared_answer(LIBRARY, value)

    @pytest.mark.parametrize("value", ["a", "ax", "a" + "QUJD" * 3])
    def test_nonsense_is_refused(self, value: str) -> None:
        with pytest.raises(UsageError):
            shared_answer(LIBRARY, value)


def _value(blocks: list[dict[str, Any]]) -> str:
    assert json.dumps(blocks)
    value: str = blocks[0]["elements"][0]["value"]
    assert len(value) <= 2_000
    return value

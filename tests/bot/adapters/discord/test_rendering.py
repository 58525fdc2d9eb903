"""What answers look like on Discord, beside the terminal; and that no text of others turns into anything else."""

import re
from dataclasses import replace

import pytest
from discord import ui
from hypothesis import given
from hypothesis import strategies as st

from bot.adapters.discord.buttons import LONGEST_ID, Calling
from bot.adapters.discord.layout import (
    LONGEST_TEXT,
    answer_views,
    cut_views,
    line_view,
    passage_views,
    reply_views,
    status_content,
)
from bot.adapters.discord.markdown import escape, exact, paint, thread_name, unescape
from bot.adapters.rendering import Line, Span, plain, render, render_answer
from bot.commands import COMMANDS
from bot.license_lookup import look_up
from bot.messages import Answer, Draft, Sentence
from bot.replies import Choice as Offered
from bot.replies import Cut, OfferReply, PassageReply, Reply
from bot.source_reading import list_sources, read_source
from knowledge.loading import Library
from tests.fakes import ANSWERED, APPLE, APPLE_QUOTE, QUOTED, UNKNOWN
from tests.platforms.discord_components import check_components
from tests.platforms.discord_errors import Problems

BOTH: dict[str, tuple[Answer, str, str]] = {
    "answered": (
        ANSWERED,
        """\
Companies like Apple, Snap and TikTok cannot use it freely. [1]
The limit is 700 million monthly active users. [2]

[1] ¶ 10 · The video
    “companies like Apple, Snap, TikTok, a lot of the other big tech companies”
[2] § 2 · Llama 2 Community License Agreement
    “greater than 700 million monthly active users”

This is not legal advice.""",
        """\
Companies like Apple, Snap and TikTok cannot use it freely. [1]
The limit is 700 million monthly active users. [2]
---
[1] ¶ 10 · The video
> “companies like Apple, Snap, TikTok, a lot of the other big tech companies”
[2] § 2 · Llama 2 Community License Agreement
> “greater than 700 million monthly active users”

-# This is not legal advice.
(1) (2) (👍) (👎)""",
    ),
    "quoted": (
        QUOTED,
        """\
In the sources' own words:
“companies like Apple, Snap, TikTok, a lot of the other big tech companies” [1]

[1] ¶ 10 · The video""",
        """\
-# In the sources' own words:
“companies like Apple, Snap, TikTok, a lot of the other big tech companies” [1]
---
[1] ¶ 10 · The video
(1) (👍) (👎)""",
    ),
    "unknown": (
        UNKNOWN,
        """\
I can't answer that from my sources.
Ask me what was announced about Llama 2, why Meta opens it, or what its license says.""",
        """\
I can't answer that from my sources.
---
-# Ask me what was announced about Llama 2, why Meta opens it, or what its license says.
(👍) (👎)""",
    ),
}


def drawn(view: ui.LayoutView) -> str:
    """A message as text: its texts, --- for a separator, and a line of buttons in brackets for each row."""
    lines = []
    for item in view.children:
        if isinstance(item, ui.TextDisplay):
            lines.append(item.content)
        elif isinstance(item, ui.Separator):
            lines.append("---")
        elif isinstance(item, ui.ActionRow):
            lines.append(" ".join(f"({label_of(button)})" for button in item.children))
    return "\n".join(lines)


def label_of(button: ui.Item[ui.LayoutView]) -> str:
    assert isinstance(button, ui.DynamicItem)
    return button.item.label or str(button.item.emoji)


def accepted(view: ui.LayoutView) -> bool:
    """Whether Discord takes a message: sizes, counts, custom_ids."""
    problems = Problems()
    check_components(problems, view.to_components(), v2=True)  # type: ignore[no-untyped-call]
    problems.refuse()
    return view.content_length() <= LONGEST_TEXT


class TestGolden:
    @pytest.mark.parametrize("name", BOTH)
    def test_the_same_answer_in_the_terminal_and_on_discord(self, name: str) -> None:
        answer, terminal, discord = BOTH[name]
        assert plain(render_answer(answer)) == terminal
        (view,) = answer_views(answer, "key", votes=True)
        assert drawn(view) == discord
        assert accepted(view)

    def test_what_was_cut_off(self) -> None:
        (view,) = cut_views(Cut("Stopped.", Draft((APPLE,), (APPLE_QUOTE,))))
        assert drawn(view) == (
            "Companies like Apple, Snap and TikTok cannot use it freely. [1]\n\n[1] ¶ 10 · The video\n"
            "> “companies like Apple, Snap, TikTok, a lot of the other big tech companies”\n\nStopped.\n(1)"
        )
        (line,) = cut_views(Cut("Stopped."))
        assert drawn(line) == "Stopped."

    def test_an_offer(self) -> None:
        offer = OfferReply("Which one?", "license", (Offered("2", "§ 2 · Additional Commercial Terms"),))
        (view,) = reply_views(offer, Calling("license", "x"))
        assert (
            drawn(view)
            == "Which one?\n- `/license 2`  § 2 · Additional Commercial Terms\n(§ 2 · Additional Commercial Terms)"
        )

    def test_a_passage(self) -> None:
        passage = PassageReply(1, "The video", "¶ 10", "This *means* ", " companies like Apple ", "are not.")
        (view,) = passage_views(passage)
        assert drawn(view) == "[1] ¶ 10 · The video\n\nThis \\*means\\*  **companies like Apple** are not."

    def test_a_draft(self) -> None:
        assert status_content("Searching…", None) == "Searching…"
        assert status_content("Writing…", Draft((APPLE,), (APPLE_QUOTE,))) == (
            "Companies like Apple, Snap and TikTok cannot use it freely. [1]\n\n-# Writing…"
        )


class TestLimits:
    @pytest.mark.parametrize("argument", ["", "x" * 300])
    def test_every_reply_of_every_command_fits(self, argument: str) -> None:
        library = Library.open()
        replies: list[Reply] = [list_sources(library)]
        replies += [read_source(library, source.id) for source in library.sources]
        replies += [look_up(library, wanted) for wanted in ("", "1", "1.b", "5", "definitions", "zebra", "preamble")]
        for reply in replies:
            for page in range(4):
                views = reply_views(reply, Calling(COMMANDS[1].name, argument), page)
                assert all(accepted(view) for view in views)
                assert argument or len(views) == 1

    def test_a_clause_is_shown_byte_for_byte(self) -> None:
        reply = look_up(Library.open(), "1.b.i")
        (view,) = reply_views(reply, Calling("license", "1.b.i"))
        assert f"```\n{plain(render(reply)).splitlines()[3]}" in drawn(view)

    @given(st.text(alphabet=st.sampled_from("ab `*\n.x"), max_size=300), st.integers(20, 120))
    def test_exact_text_loses_nothing_but_line_breaks_at_a_cut(self, text: str, limit: int) -> None:
        pieces = exact(text, limit)
        assert all(len(piece) <= limit for piece in pieces)
        if "```" in text:
            return
        inner = [re.fullmatch(r"```\n(.*)\n```", piece, re.DOTALL) for piece in pieces]
        shown = [match[1] for match in inner if match is not None]
        assert len(shown) == len(pieces)
        assert re.fullmatch("\n?".join([*map(re.escape, shown), ""]), text)

    def test_exact_text_with_a_fence_of_its_own_is_escaped(self) -> None:
        assert exact("a ``` b *c*", 100) == ["a \\`\\`\\` b \\*c\\*"]

    @given(
        st.lists(st.tuples(st.text(min_size=1, max_size=700), st.lists(st.integers(1, 30), max_size=4)), max_size=12),
        st.booleans(),
    )
    def test_any_answer_fits(self, said: list[tuple[str, list[int]]], votes: bool) -> None:
        sentences = tuple(Sentence(text, tuple(numbers)) for text, numbers in said)
        citations = tuple(replace(APPLE_QUOTE, number=number) for number in range(1, 31))
        for view in answer_views(replace(ANSWERED, sentences=sentences, citations=citations), "key", votes=votes):
            assert accepted(view)

    def test_custom_ids_have_room(self) -> None:
        for view in answer_views(ANSWERED, "k" * 12, votes=True):
            for item in view.walk_children():
                assert len(getattr(item, "custom_id", "")) <= LONGEST_ID


HARMFUL = (
    "@everyone",
    "@here",
    "<@123456789012345678>",
    "<@!123456789012345678>",
    "<@&123456789012345678>",
    "<#123456789012345678>",
    "</ask:123456789012345678>",
    "<:smile:123456789012345678>",
    "<t:1700000000:R>",
    "<id:customize>",
    "discord.gg/abc",
    "https://discord.gg/abc",
    "https://discord.com/invite/abc",
    "HTTPS://DISCORDAPP.COM/INVITE/abc",
    "[click me](https://evil.example)",
    "[click\nme](<https://evil.example>)",
    "# heading",
    "-# small",
    "> quote",
    ">>> quote",
    "- item",
    "1. item",
    "**bold** __under__ ~~gone~~ ||spoiler|| `code`",
    "```\ncode\n```",
)
# What Discord acts on, in Markdown where a backslash takes a character's meaning.
ACTS = re.compile(
    r"@(?:everyone|here)|<(?:@[!&]?|#|/\w+:|a?:\w+:|t:|id:)\w*|discord(?:app)?\.(?:gg|com/invite)/"
    r"|(?<!\\)(?:\\\\)*\](?:\(|\[)|^\s*(?:#{1,3}|-#|>|>>>|-|\d+\.)\s|(?<!\\)(?:\\\\)*(?:\*|_|~~|\|\||`)",
    re.IGNORECASE | re.MULTILINE,
)


class TestSafety:
    @pytest.mark.parametrize("text", HARMFUL)
    def test_what_others_say_stays_text(self, text: str) -> None:
        assert ACTS.search(text)
        assert not ACTS.search(escape(text))
        for view in answer_views(replace(UNKNOWN, sentences=(Sentence(text, ()),)), "key", votes=False):
            display = view.children[0]
            assert isinstance(display, ui.TextDisplay) and not ACTS.search(display.content)

    @given(st.lists(st.sampled_from([*HARMFUL, " ", "\n", "\\", "x", "[", "]("]), max_size=8).map("".join))
    def test_nor_together(self, text: str) -> None:
        assert not ACTS.search(escape(text))

    @given(st.lists(st.one_of(st.sampled_from(HARMFUL), st.text(st.characters(exclude_characters="\u200b")))))
    def test_nothing_is_lost(self, parts: list[str]) -> None:
        text = "".join(parts)
        assert unescape(escape(text)) == text

    def test_a_link_stays_a_link_without_a_preview(self) -> None:
        assert escape("See https://ai.meta.com/llama/use_policy.") == "See <https://ai.meta.com/llama/use_policy>."
        assert escape("(https://a.example/b)") == "(<https://a.example/b>)"

    def test_commands_are_code_whatever_they_say(self) -> None:
        (text,) = paint([Line((Span("/license @everyone", "marker"), Span("  x")), indent=2)], 200)
        assert text == "- `/license @\u200beveryone`  x"
        (text,) = paint([Line((Span("/license `x`", "marker"),))], 200)
        assert text == "/license \\`x\\`"

    @pytest.mark.parametrize(
        ("question", "name"),
        [
            ("Who?", "Who?"),
            ("  Who \n may?", "Who may?"),
            ("word " * 40, "word " * 18 + "word…"),
            ("x" * 200, "x" * 99 + "…"),
            ("@everyone discord.gg/abc", "@\u200beveryone discord\u200b.gg/abc"),
            ("\u202e\x00", "A question"),
        ],
    )
    def test_thread_names(self, question: str, name: str) -> None:
        assert thread_name(question) == name
        assert 1 <= len(thread_name(question)) <= 100

    def test_a_line_of_an_error_is_text(self) -> None:
        assert drawn(line_view("No *source* is called 'x'.")) == "No \\*source\\* is called 'x'."

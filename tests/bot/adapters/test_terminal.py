"""The terminal: golden renderings, and dialogues with a real line editor on a pipe."""

import asyncio
import io
import os
import signal
import sys
from collections.abc import AsyncGenerator, Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import cast

import pytest
from prompt_toolkit.completion import CompleteEvent
from prompt_toolkit.document import Document as Typed
from prompt_toolkit.history import InMemoryHistory
from prompt_toolkit.input import PipeInput, create_pipe_input
from prompt_toolkit.output import DummyOutput
from rich.console import Console

from bot.adapters.opening import Opening, progress_text
from bot.adapters.rendering import Line, Span, cut, plain, render, render_answer
from bot.adapters.terminal import Session, chat_with_pipe
from bot.adapters.terminal_output import show
from bot.adapters.terminal_prompt import CommandCompleter, chat_with_person, open_history
from bot.errors import ModelFileError
from bot.license_lookup import look_up
from bot.lines import InputLine, read_lines
from bot.messages import Draft, Status, Turn
from bot.replies import Choice, OfferReply, PassageReply
from knowledge.loading import Library
from tests.desks import opens
from tests.fakes import ANSWERED, APPLE, APPLE_QUOTE, QUOTED, UNKNOWN, ScriptedAnswerer, Step

ANSWERED_TEXT = """\
Companies like Apple, Snap and TikTok cannot use it freely. [1]
The limit is 700 million monthly active users. [2]

[1] ¶ 10 · The video
    “companies like Apple, Snap, TikTok, a lot of the other big tech companies”
[2] § 2 · Llama 2 Community License Agreement
    “greater than 700 million monthly active users”

This is not legal advice."""

QUOTED_TEXT = """\
In the sources' own words:
“companies like Apple, Snap, TikTok, a lot of the other big tech companies” [1]

[1] ¶ 10 · The video"""

UNKNOWN_TEXT = """\
I can't answer that from my sources.
Ask me what was announced about Llama 2, why Meta opens it, or what its license says."""

CLAUSE_TEXT = """\
§ 1.b.i · Copy of the agreement
Llama 2 Community License Agreement

i. If you distribute or make the Llama Materials, or any derivative works 
thereof, available to a third party, you shall provide a copy of this Agreement to such 
third party.

Defined terms it uses
"""  # noqa: W291  # the license's own white space


class TestRendering:
    def test_an_answer(self) -> None:
        assert plain(render_answer(ANSWERED)) == ANSWERED_TEXT

    def test_quotes_are_labelled_and_not_said_twice(self) -> None:
        assert plain(render_answer(QUOTED)) == QUOTED_TEXT

    def test_a_refusal_has_no_sources(self) -> None:
        assert plain(render_answer(UNKNOWN)) == UNKNOWN_TEXT

    def test_a_clause_keeps_its_own_line_breaks(self) -> None:
        reply = look_up(Library.open(), "1.b.i")
        assert plain(render(reply)).startswith(CLAUSE_TEXT)

    def test_offers_are_written_as_they_are_called(self) -> None:
        offer = OfferReply("Which one?", "license", (Choice("2", "§ 2 · Additional Commercial Terms"),))
        assert plain(render(offer)) == "Which one?\n  /license 2  § 2 · Additional Commercial Terms"
        assert "  herald license 2  " in plain(render(offer, "herald "))

    def test_a_passage_has_its_quote_marked(self) -> None:
        passage = PassageReply(1, "The video", "¶ 10", "This means ", "companies like Apple", " are not.")
        assert plain(render(passage)) == "[1] ¶ 10 · The video\n\nThis means >> companies like Apple << are not."

    def test_control_characters_never_reach_a_terminal(self) -> None:
        passage = PassageReply(1, "T\x1b]0;x\x07", "¶ 1", "a\x1b[2Jb", "c\x9bd\u202e", "e\x00")
        assert plain(render(passage)) == "[1] ¶ 1 · T]0;x\n\na[2Jb>> cd <<e"

    def test_markup_is_only_text(self) -> None:
        assert shown([Line((Span("[bold]x[/bold] :smile:"),))]).strip() == "[bold]x[/bold] :smile:"

    @pytest.mark.parametrize("width", [40, 100])
    def test_lines_fit_the_terminal(self, width: int) -> None:
        printed = shown(render_answer(ANSWERED), width=width)
        assert max(map(len, printed.splitlines())) <= width
        assert " ".join(printed.split()) == " ".join(ANSWERED_TEXT.split())

    def test_exact_text_is_not_wrapped(self) -> None:
        exact = "a\tb " + "word " * 30
        assert shown([Line((Span(exact),), exact=True)], width=40) == exact + "\n"

    def test_long_quotes_are_cut_at_a_word(self) -> None:
        assert cut("one two three, four", 16) == "one two three…"
        assert cut("one\n two", 14) == "one two"
        assert cut("x" * 20, 10) == "x" * 9 + "…"

    def test_progress(self) -> None:
        assert progress_text("Indexing", 120, 1300) == "Indexing: 120 of 1,300…"
        assert progress_text("Loading …", 0, 0) == "Loading…"


def shown(lines: list[Line], width: int = 80) -> str:
    """What a terminal without colours is sent."""
    file = io.StringIO()
    console = Console(file=file, force_terminal=True, color_system=None, width=width, legacy_windows=False)
    show(console, lines)
    return file.getvalue()


class Screen(io.StringIO):
    """What was printed; one can wait until it holds some text."""

    def __init__(self) -> None:
        super().__init__()
        self._awaited, self._there, self._loop = "", asyncio.Event(), asyncio.get_running_loop()

    def write(self, text: str) -> int:
        written = super().write(text)
        if self._awaited and self._awaited in self.getvalue():
            self._loop.call_soon_threadsafe(self._there.set)  # rich's spinner has a thread of its own
        return written

    async def shows(self, text: str) -> None:
        self._awaited = text
        self.write("")
        await self._there.wait()


@dataclass
class Chat:
    """A chat with a line editor whose keys come from a pipe."""

    keys: PipeInput
    answerer: ScriptedAnswerer
    screen: Screen = field(default_factory=Screen)
    gate: asyncio.Event | None = None
    error: Exception | None = None
    data_dir: Path | None = None

    async def run(self) -> str:
        """Chat until the keys say to leave; returns what was printed."""
        console = Console(file=self.screen, force_terminal=True, color_system=None, width=80, legacy_windows=False)
        library = Library.open()
        async with Opening(opens(self.answerer, self.gate, self.error)) as opening:
            session = Session(library, opening, console, self.data_dir)
            await asyncio.wait_for(
                chat_with_person(
                    session, opening, library, console, InMemoryHistory(), input=self.keys, output=DummyOutput()
                ),
                timeout=20,
            )
        return self.screen.getvalue()


@pytest.fixture
def keys() -> Iterator[PipeInput]:
    with create_pipe_input() as pipe:
        yield pipe


def says(*steps: Step) -> ScriptedAnswerer:
    return ScriptedAnswerer({"Who?": steps})


class TestChat:
    async def test_an_answer_then_its_source_then_leaving(self, keys: PipeInput) -> None:
        library = Library.open()
        text = library.document("transcript").text
        start = text.index("companies like Apple Snap")
        quote = text[start : start + 40]
        reading = library.document("transcript").read(start, start + 40).text
        citation = replace(APPLE_QUOTE, quote=quote, start=start, end=start + 40, reading=reading)
        answer = replace(ANSWERED, sentences=(APPLE,), citations=(citation,))
        keys.send_text("Who?\r/source 1\r/quit\r")
        printed = await Chat(keys, says(Draft((APPLE,), (citation,)), answer)).run()
        assert printed.count("Companies like Apple, Snap and TikTok cannot use it freely. [1]") == 1
        assert "What this basically means is >> companies like Apple, Snap," in printed.replace("\n", " ")

    async def test_follow_ups_carry_the_history(self, keys: PipeInput) -> None:
        answerer = ScriptedAnswerer({"Who?": [ANSWERED], "And why?": [ANSWERED]})
        keys.send_text("Who?\rAnd why?\r/clear\rAnd why?\r/quit\r")
        await Chat(keys, answerer).run()
        said = (
            "Companies like Apple, Snap and TikTok cannot use it freely. The limit is 700 million monthly active users."
        )
        assert [question.history for question in answerer.asked] == [
            (),
            (Turn("user", "Who?"), Turn("assistant", said)),
            (),
        ]

    async def test_the_history_is_bounded(self, keys: PipeInput) -> None:
        answerer = ScriptedAnswerer()
        keys.send_text("".join(f"q{number}\r" for number in range(6)) + "/quit\r")
        await Chat(keys, answerer).run()
        assert [turn.text for turn in answerer.asked[-1].history if turn.role == "user"] == ["q2", "q3", "q4"]

    async def test_ctrl_c_stops_the_answer_and_not_the_program(self, keys: PipeInput) -> None:
        async def interrupt() -> None:
            signal.raise_signal(signal.SIGINT)
            await asyncio.Event().wait()

        answerer = ScriptedAnswerer(
            {"Who?": [Status("writing"), Draft((APPLE,), (APPLE_QUOTE,)), interrupt], "And?": [ANSWERED]}
        )
        before = signal.getsignal(signal.SIGINT)
        keys.send_text("Who?\rAnd?\r/quit\r")
        printed = await Chat(keys, answerer).run()
        assert "Stopped." in printed
        assert answerer.stopped == ["Who?"]
        assert [question.text for question in answerer.asked] == ["Who?", "And?"]
        assert answerer.asked[1].history == ()
        assert signal.getsignal(signal.SIGINT) == before

    async def test_ctrl_c_at_an_empty_prompt_says_how_to_leave(self, keys: PipeInput) -> None:
        keys.send_text("\x03\x04")
        assert "press Ctrl-D or type /quit" in await Chat(keys, says()).run()

    async def test_ctrl_c_discards_what_was_typed(self, keys: PipeInput) -> None:
        answerer = says(ANSWERED)
        keys.send_text("Wh\x03Who?\r\x04")
        printed = await Chat(keys, answerer).run()
        assert "press Ctrl-D" not in printed
        assert [question.text for question in answerer.asked] == ["Who?"]

    async def test_ctrl_d_leaves(self, keys: PipeInput) -> None:
        keys.send_text("\x04")
        await Chat(keys, says()).run()

    async def test_a_paste_of_several_lines_is_one_question(self, keys: PipeInput) -> None:
        answerer = ScriptedAnswerer()
        keys.send_text("\x1b[200~Who may\nuse it\n/quit\x1b[201~\r\x04")
        await Chat(keys, answerer).run()
        assert [question.text for question in answerer.asked] == ["Who may use it /quit"]

    async def test_commands_work_while_the_model_loads_and_a_question_waits(self, keys: PipeInput) -> None:
        gate = asyncio.Event()
        chat = Chat(keys, says(ANSWERED), gate=gate)
        keys.send_text("/license 1.b.v\rWho?\r/quit\r")
        running = asyncio.create_task(chat.run())
        await chat.screen.shows("Indexing: 1 of 2")
        assert "to improve any other large language model" in chat.screen.getvalue()
        assert not chat.answerer.asked
        gate.set()
        assert "The limit is 700 million" in await running

    async def test_a_model_that_cannot_be_opened_is_an_error_of_the_question(self, keys: PipeInput) -> None:
        keys.send_text("Who?\r/license 1.b.v\r/about\r/quit\r")
        printed = await Chat(keys, says(), error=ModelFileError("There is no model file x.gguf.")).run()
        assert "There is no model file x.gguf." in printed
        assert "to improve any other large language model" in printed
        assert "not affiliated with Meta" in printed

    async def test_a_fault_is_one_line_and_the_question_stays_out_of_the_log(
        self, keys: PipeInput, tmp_path: Path
    ) -> None:
        keys.send_text("Who?\r/quit\r")
        printed = await Chat(keys, says(KeyError("Who? is secret")), data_dir=tmp_path).run()
        assert "An unexpected fault (KeyError)" in printed
        assert "Traceback" not in printed
        log = (tmp_path / "herald.log").read_text(encoding="utf-8")
        assert "KeyError" in log
        assert "secret" not in log

    async def test_source_without_an_answer(self, keys: PipeInput) -> None:
        keys.send_text("/source 1\rhm?\r/source 1\r/quit\r")
        printed = await Chat(keys, says()).run()
        assert "There is no answer yet." in printed
        assert "The last answer has no sources." in printed

    async def test_what_was_streamed_is_not_printed_again(self, keys: PipeInput) -> None:
        keys.send_text("Who?\r/quit\r")
        printed = await Chat(keys, says(Draft((APPLE,), (APPLE_QUOTE,)), ANSWERED)).run()
        assert printed.count("Companies like Apple") == 1
        assert printed.index("Companies like Apple") < printed.index("The limit is") < printed.index("[1] ¶ 10")


class TestCompletion:
    def completions(self, typed: str) -> list[str]:
        session_commands = Session(Library.open(), cast(Opening, None), Console(file=io.StringIO())).commands
        completer = CommandCompleter(session_commands, Library.open())
        return [it.text for it in completer.get_completions(Typed(typed), CompleteEvent())]

    def test_commands_their_clauses_and_topics(self) -> None:
        assert self.completions("/s") == ["sources", "source"]
        assert self.completions("/license 1.b.ii") == ["1.b.ii", "1.b.iii"]
        assert self.completions("/explain inv") == ["investors"]
        assert self.completions("/sources tr") == ["transcript"]
        assert self.completions("what is") == []


class TestHistoryFile:
    def test_only_its_owner_can_read_it(self, tmp_path: Path) -> None:
        history = open_history(tmp_path / "data")
        history.append_string("Who?")
        path = tmp_path / "data" / "chat_history"
        assert "Who?" in path.read_text(encoding="utf-8")
        assert path.stat().st_mode & 0o777 == 0o600

    def test_without_a_folder_it_is_kept_in_memory(self, tmp_path: Path) -> None:
        (tmp_path / "file").write_text("")
        assert isinstance(open_history(tmp_path / "file"), InMemoryHistory)


async def lines_of(content: bytes) -> AsyncGenerator[InputLine, None]:
    reader, writer = os.pipe()
    os.write(writer, content)
    os.close(writer)
    try:
        async for line in read_lines(reader):
            yield line
    finally:
        os.close(reader)


class TestPipe:
    async def chat(
        self, content: bytes, answerer: ScriptedAnswerer, error: Exception | None = None
    ) -> tuple[int, list[str]]:
        complaints: list[str] = []
        console = Console(file=sys.stdout, force_terminal=False, color_system=None)
        async with Opening(opens(answerer, error=error)) as opening:
            session = Session(Library.open(), opening, console)
            status = await chat_with_pipe(session, lines_of(content), complaints.append)
        return status, complaints

    async def test_lines_are_answered_in_order_as_plain_text(self, capsys: pytest.CaptureFixture[str]) -> None:
        answerer = ScriptedAnswerer({"Who?": [Status("searching"), Draft((APPLE,), (APPLE_QUOTE,)), ANSWERED]})
        status, complaints = await self.chat(b"Who?\n\nhm?\n", answerer)
        assert capsys.readouterr().out == f"{ANSWERED_TEXT}\n\n{UNKNOWN_TEXT}\n\n"
        assert (status, complaints) == (0, [])

    async def test_bad_lines_are_reported_by_number_and_the_rest_go_on(
        self, capsys: pytest.CaptureFixture[str]
    ) -> None:
        status, complaints = await self.chat(b"\xff\xfe\na\x1b[2Jb\n/nope\r\nhm?", ScriptedAnswerer())
        assert capsys.readouterr().out == f"{UNKNOWN_TEXT}\n\n"
        assert status == 0
        assert complaints == [
            "line 1 is not UTF-8 (byte 1); it is skipped.",
            "line 2 has control characters; it is skipped.",
            "line 3: There is no command /nope. /help lists them.",
        ]

    async def test_a_model_that_is_not_there_makes_the_status_1(self, capsys: pytest.CaptureFixture[str]) -> None:
        status, complaints = await self.chat(b"Who?\n/quit\nhm?\n", says(), ModelFileError("No model."))
        assert (status, complaints) == (1, ["line 1: No model."])


class TestLines:
    async def test_lines_may_come_in_any_pieces(self) -> None:
        reader, writer = os.pipe()
        lines = read_lines(reader)
        os.write(writer, b"one\ntw")
        assert (await anext(lines)).text == "one"
        os.write(writer, b"o\r\nthree")
        assert (await anext(lines)).text == "two"
        os.close(writer)
        assert await anext(lines) == InputLine(3, "three")
        await lines.aclose()
        os.close(reader)

    async def test_a_byte_order_mark_is_no_text(self) -> None:
        assert [line.text async for line in lines_of("\ufeffWho?\n".encode())] == ["Who?"]

    async def test_a_line_without_end_is_too_long(self) -> None:
        reader, writer = os.pipe()

        def write() -> None:
            with os.fdopen(writer, "wb") as file:
                file.write(b"x" * 1_500_000 + b"\nnext\n")

        writing = asyncio.create_task(asyncio.to_thread(write))
        found = [line async for line in read_lines(reader)]
        await writing
        os.close(reader)
        assert found == [InputLine(1, problem="is too long"), InputLine(2, "next")]

"""The command table, as a dialogue: type a line, expect a reply."""

import re
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from bot.answering.verification import check
from bot.brief import explain, find_snippet
from bot.commands import COMMANDS, Context, parse
from bot.errors import ModelError, UsageError
from bot.license_lookup import complete_clause, look_up
from bot.messages import Draft, Question, Status
from bot.replies import (
    AboutReply,
    ClauseReply,
    ContentsReply,
    Event,
    ExplainReply,
    HelpReply,
    OfferReply,
    SourceReply,
    SourcesReply,
)
from bot.source_reading import passage_around
from knowledge.errors import ClauseError, SourceError, UnknownSourceError
from knowledge.loading import Library
from tests.fakes import ANSWERED, APPLE, APPLE_QUOTE, ScriptedAnswerer, Step

OTHER_LICENSE = """EXAMPLE LICENSE

1. Grant. You may use the Software.

2. Warranty. There is no warranty.

3. Ponies. You may keep one pony.

4. Limits. You may not:

a. sell the pony; or

b. ride it at night.
"""


@pytest.fixture(scope="module")
def library() -> Library:
    return Library.open()


@pytest.fixture
def two_licenses(tmp_path: Path) -> Library:
    (tmp_path / "other.txt").write_text(OTHER_LICENSE, encoding="utf-8")
    sources = tmp_path / "sources.toml"
    sources.write_text('[[source]]\nid = "other"\ntitle = "Example License"\nkind = "license"\nfile = "other.txt"\n')
    return Library.open(sources)


@pytest.fixture
def without_shipped(tmp_path: Path) -> Library:
    (tmp_path / "notes.md").write_text("# Notes\n\nThe sky is blue.\n", encoding="utf-8")
    sources = tmp_path / "sources.toml"
    # The id of a shipped document, on another text.
    sources.write_text(
        'shipped = false\n[[source]]\nid = "transcript"\ntitle = "Notes"\nkind = "markdown"\nfile = "notes.md"\n'
    )
    return Library.open(sources)


async def replies(library: Library, line: str, answerer: ScriptedAnswerer | None = None) -> list[Event]:
    """What a line yields."""
    call = parse(line, COMMANDS)
    events: AsyncIterator[Event] = call.command.run(Context(library, answerer), Question(call.argument))
    return [event async for event in events]


class TestParsing:
    @pytest.mark.parametrize(
        ("line", "name", "argument"),
        [
            ("Who may use it?", "ask", "Who may use it?"),
            ("/license 1.b.iii", "license", "1.b.iii"),
            ("  /LICENSE   mau ", "license", "mau"),
            ("/help", "help", ""),
            ("/", "help", ""),
            ("/r/LocalLLaMA says it is free, is it?", "ask", "/r/LocalLLaMA says it is free, is it?"),
            ("/ask why?\nand how?", "ask", "why?\nand how?"),
        ],
    )
    def test_a_line_is_a_command_or_a_question(self, line: str, name: str, argument: str) -> None:
        call = parse(line, COMMANDS)
        assert (call.command.name, call.argument) == (name, argument)

    def test_the_nearest_command_is_offered(self) -> None:
        with pytest.raises(UsageError, match=r"no command /licence\. Did you mean /license"):
            parse("/licence 2", COMMANDS)

    def test_a_strange_command_leads_to_help(self) -> None:
        with pytest.raises(UsageError, match="/help lists them"):
            parse("/xyzzy", COMMANDS)

    def test_a_command_says_what_it_needs(self) -> None:
        with pytest.raises(UsageError, match="/ask question"):
            parse("/ask", COMMANDS)


class TestAsk:
    async def test_streams_what_the_answerer_says(self, library: Library) -> None:
        said: list[Step] = [Status("searching"), Draft((APPLE,), (APPLE_QUOTE,)), ANSWERED]
        assert await replies(library, "Who?", ScriptedAnswerer({"Who?": said})) == said

    async def test_without_an_answerer_it_says_so(self, library: Library) -> None:
        with pytest.raises(ModelError, match="not loaded yet"):
            await replies(library, "Who?")

    async def test_closing_the_events_stops_the_answerer(self, library: Library) -> None:
        answerer = ScriptedAnswerer({"Who?": [Status("searching"), ANSWERED]})
        call = parse("Who?", COMMANDS)
        events = call.command.run(Context(library, answerer), Question("Who?"))
        await anext(events)
        await events.aclose()  # type: ignore[attr-defined]
        assert answerer.stopped == ["Who?"]


class TestLicense:
    async def test_a_clause_is_exact_and_has_its_terms(self, library: Library) -> None:
        (reply,) = await replies(library, "/license 1.b.iii")
        assert isinstance(reply, ClauseReply)
        text = library.document("llama-2-license").text
        assert reply.text == text[reply.start : reply.end]
        assert reply.text.startswith("iii. You must retain")
        assert (reply.locator, reply.title) == ("§ 1.b.iii", "Attribution notice")
        assert [term.names[0] for term in reply.definitions] == ["Licensee", "Llama 2", "Llama Materials", "Meta"]
        assert all(term.text == text[term.start : term.end] for term in reply.definitions)
        assert reply.notes == ("This is not legal advice.",)

    @pytest.mark.parametrize("asked", ["2", "section 2", "§2", "Additional Commercial Terms", "mau", "700 million"])
    def test_many_names_find_the_clause(self, library: Library, asked: str) -> None:
        reply = look_up(library, asked)
        assert isinstance(reply, ClauseReply)
        assert reply.number == "2"

    def test_nothing_gives_the_contents(self, library: Library) -> None:
        reply = look_up(library, "  ")
        assert isinstance(reply, ContentsReply)
        (contents,) = reply.licenses
        assert contents.lines[0].key == "definitions"
        assert ("1.b.v", 2) in [(line.key, line.depth) for line in contents.lines]
        assert all(isinstance(look_up(library, line.key), ClauseReply) for line in contents.lines)

    def test_a_clause_comes_with_the_sentence_that_it_completes(self, two_licenses: Library) -> None:
        reply = look_up(two_licenses, "other:4.b")
        assert isinstance(reply, ClauseReply)
        assert (reply.text, reply.notes[0]) == ("b. ride it at night.", "It completes § 4: “You may not:”")
        whole = look_up(two_licenses, "other:4")
        assert isinstance(whole, ClauseReply)
        assert len(whole.notes) == 1

    def test_a_defined_term_gives_its_definition(self, library: Library) -> None:
        reply = look_up(library, "Llama Materials")
        assert isinstance(reply, ClauseReply)
        assert reply.text.startswith('"Llama Materials" means')
        assert (reply.locator, reply.title) == ("Definitions", "“Llama Materials”")

    def test_the_definitions_are_one_exact_stretch(self, library: Library) -> None:
        reply = look_up(library, "definitions")
        assert isinstance(reply, ClauseReply)
        assert reply.text == library.document("llama-2-license").text[reply.start : reply.end]
        assert reply.text.startswith('"Agreement" means')

    @pytest.mark.parametrize("asked", ["9.z", "the moon"])
    def test_an_unknown_clause_offers_others(self, library: Library, asked: str) -> None:
        reply = look_up(library, asked)
        assert isinstance(reply, OfferReply)
        assert reply.choices
        assert all(isinstance(look_up(library, choice.value), ClauseReply) for choice in reply.choices)

    def test_several_matches_are_offered(self, library: Library) -> None:
        reply = look_up(library, "commercial use")
        assert isinstance(reply, OfferReply)
        assert {"1.a", "2"} <= {choice.value for choice in reply.choices}

    def test_the_governing_license_comes_first(self, two_licenses: Library) -> None:
        reply = look_up(two_licenses, "2")
        assert isinstance(reply, ClauseReply)
        assert reply.source == "llama-2-license"
        assert [line.key for line in reply.also] == ["other:2"]

    def test_another_license_is_named_by_its_id(self, two_licenses: Library) -> None:
        reply = look_up(two_licenses, "other:2")
        assert isinstance(reply, ClauseReply)
        assert reply.text == "2. Warranty. There is no warranty."
        assert isinstance(look_up(two_licenses, "other"), ContentsReply)

    def test_another_license_is_searched_too(self, two_licenses: Library) -> None:
        reply = look_up(two_licenses, "Ponies")
        assert isinstance(reply, ClauseReply)
        assert (reply.source, reply.number) == ("other", "3")

    def test_contents_of_all_licenses(self, two_licenses: Library) -> None:
        reply = look_up(two_licenses, "")
        assert isinstance(reply, ContentsReply)
        assert [contents.source for contents in reply.licenses] == ["llama-2-license", "other"]
        assert [line.key for line in reply.licenses[1].lines] == [
            "other:1",
            "other:2",
            "other:3",
            "other:4",
            "other:4.a",
            "other:4.b",
        ]

    def test_no_license_among_the_sources(self, without_shipped: Library) -> None:
        with pytest.raises(ClauseError, match="no license among the sources"):
            look_up(without_shipped, "2")

    def test_completion(self, library: Library) -> None:
        assert [choice.value for choice in complete_clause(library, "1.b.i")] == [
            "1.b.i",
            "1.b.ii",
            "1.b.iii",
            "1.b.iv",
        ]
        assert [choice.value for choice in complete_clause(library, "attri")] == ["1.b.iii"]
        assert [choice.value for choice in complete_clause(library, "mau")] == ["2"]
        assert "Llama Materials" in [choice.value for choice in complete_clause(library, "llama m")]
        assert 18 <= len(complete_clause(library, "")) <= 25


class TestExplain:
    def test_every_point_is_cited_exactly(self, library: Library) -> None:
        reply = explain(library)
        assert isinstance(reply, ExplainReply)
        assert [point.topic for point in reply.points] == [
            "announcement",
            "why",
            "license",
            "on-device",
            "ai-companies",
            "investors",
        ]
        assert [citation.number for citation in reply.answer.citations] == list(
            range(1, len(reply.answer.citations) + 1)
        )
        for citation in reply.answer.citations:
            assert library.document(citation.source).text[citation.start : citation.end] == citation.quote
            assert passage_around(library, citation).quote == citation.reading

    def test_no_quote_ends_inside_a_correction(self, library: Library) -> None:
        reply = explain(library)
        assert isinstance(reply, ExplainReply)
        for citation in reply.answer.citations:
            edits = library.document(citation.source).edits
            assert not [edit for edit in edits if edit.start < citation.end < edit.end], citation.quote

    def test_every_sentence_passes_the_check_that_a_models_words_must_pass(self, library: Library) -> None:
        reply = explain(library)
        assert isinstance(reply, ExplainReply)
        citations = {citation.number: citation for citation in reply.answer.citations}
        for sentence in reply.answer.sentences:
            cited = citations[sentence.citations[0]]
            verdict = check(sentence.text, cited.reading, cited.title)
            assert verdict.supported, (sentence.text, verdict.reason)

    def test_numbers_and_names_occur_in_the_quote(self, library: Library) -> None:
        reply = explain(library)
        assert isinstance(reply, ExplainReply)
        readings = {citation.number: citation.reading.casefold() for citation in reply.answer.citations}
        for sentence in reply.answer.sentences:
            (number,) = sentence.citations
            inner = re.findall(r"(?<=[a-z,] )[A-Z]\w+|\d+", sentence.text)
            assert [word for word in inner if word.casefold() not in readings[number]] == []

    def test_the_license_point_has_both_sources_and_says_which_governs(self, library: Library) -> None:
        reply = explain(library, "mau")
        assert isinstance(reply, ExplainReply)
        assert [point.topic for point in reply.points] == ["license"]
        assert {citation.source for citation in reply.answer.citations} == {"transcript", "llama-2-license"}
        assert reply.answer.notes == (
            "Where the video and the license differ, the license governs.",
            "This is not legal advice.",
        )

    @pytest.mark.parametrize(
        ("topic", "points"),
        [("Investors", ["investors"]), ("for an investor", ["investors"]), ("AI on devices", ["on-device"])],
    )
    def test_a_topic_gives_its_points(self, library: Library, topic: str, points: list[str]) -> None:
        reply = explain(library, topic)
        assert isinstance(reply, ExplainReply)
        assert [point.topic for point in reply.points] == points

    def test_an_unknown_topic_offers_the_points(self, library: Library) -> None:
        reply = explain(library, "gardening")
        assert isinstance(reply, OfferReply)
        assert len(reply.choices) == 6

    def test_without_the_shipped_documents_it_says_so(self, without_shipped: Library) -> None:
        with pytest.raises(SourceError, match=r"your sources\.toml leaves them out"):
            explain(without_shipped)

    def test_a_quote_that_is_not_there_is_reported(self, library: Library) -> None:
        with pytest.raises(SourceError, match="0 times"):
            find_snippet(library.document("transcript"), "Meta sells cars")
        with pytest.raises(SourceError, match="not once"):
            find_snippet(library.document("transcript"), "Meta")


class TestSourcesHelpAbout:
    async def test_sources(self, library: Library) -> None:
        (reply,) = await replies(library, "/sources")
        assert isinstance(reply, SourcesReply)
        assert [(entry.id, entry.characters) for entry in reply.entries] == [
            ("transcript", len(library.document("transcript").text)),
            ("llama-2-license", len(library.document("llama-2-license").text)),
        ]

    async def test_a_source_is_read_under_the_locators_of_citations(self, library: Library) -> None:
        (reply,) = await replies(library, "/sources transcript")
        assert isinstance(reply, SourceReply)
        assert reply.sections[1].locator == "¶ 2"
        assert "Llama 2 model" in reply.sections[1].text

    async def test_an_unknown_source(self, library: Library) -> None:
        with pytest.raises(UnknownSourceError, match="There are: transcript, llama-2-license"):
            await replies(library, "/sources nope")

    async def test_a_source_that_is_gone_is_listed_with_its_problem(
        self, two_licenses: Library, tmp_path: Path
    ) -> None:
        (tmp_path / "other.txt").unlink()
        (reply,) = await replies(two_licenses, "/sources")
        assert isinstance(reply, SourcesReply)
        assert "cannot read" in reply.entries[-1].problem
        assert reply.entries[0].problem == ""

    async def test_help_lists_the_table(self, library: Library) -> None:
        (reply,) = await replies(library, "/help")
        assert isinstance(reply, HelpReply)
        assert [line.usage.split()[0] for line in reply.commands] == [command.name for command in COMMANDS]

    async def test_about(self, library: Library) -> None:
        (reply,) = await replies(library, "/about")
        assert isinstance(reply, AboutReply)
        assert any("not affiliated with Meta" in statement for statement in reply.statements)


def test_a_passage_is_shown_whole_around_its_quote(library: Library) -> None:
    reply = explain(library, "license")
    assert isinstance(reply, ExplainReply)
    around = passage_around(library, reply.answer.citations[0])
    assert around.before.endswith("And what this says is that ")
    assert around.quote.startswith("if, on the Llama 2 version release date")


def test_only_what_a_platform_needs_the_model_for_needs_it() -> None:
    assert [command.name for command in COMMANDS if command.needs_model] == ["ask"]

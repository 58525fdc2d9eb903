"""The buttons under an answer, also after a restart, and by those who should not press them."""

from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import pytest
import pytest_asyncio

from bot.adapters.discord.buttons import Calling
from bot.brief import explain
from bot.journal import Journal, open_journal
from bot.license_lookup import look_up
from bot.messages import Answer, Citation
from bot.serving.lines import NOTED, OUTDATED, STOPPING, THANKS, TOO_OLD
from bot.source_reading import read_source
from knowledge.loading import Library
from tests.fakes import ANSWERED, APPLE, APPLE_QUOTE, ScriptedAnswerer
from tests.platforms.discord_bot import Bot, herald
from tests.platforms.discord_server import DiscordServer, Interaction, Message


def real_citation() -> Citation:
    """A citation of the shipped transcript, as it stands there."""
    document = Library.open().document("transcript")
    start = document.text.index("companies like Apple Snap")
    end = start + 40
    reading = document.read(start, end).text
    return replace(APPLE_QUOTE, quote=document.text[start:end], start=start, end=end, reading=reading)


def real_answer() -> Answer:
    return replace(ANSWERED, sentences=(APPLE,), citations=(real_citation(),))


@pytest_asyncio.fixture
async def journal(tmp_path: Path) -> AsyncIterator[Journal]:
    async with open_journal(tmp_path / "journal.sqlite3", retention_days=90) as opened:
        yield opened


@pytest.fixture
def answerer() -> ScriptedAnswerer:
    return ScriptedAnswerer({"Who?": [real_answer()]})


async def asked(bot: Bot) -> Message:
    """An answer in the general channel."""
    asking = bot.server.slash(bot.server.alice, bot.server.general, "ask", question="Who?")
    return (await bot.server.until(lambda: [it for it in asking.replies if it.v2]))[0]


async def told(server: DiscordServer, click: Interaction) -> Message:
    """What who clicked is shown."""
    (line,) = await server.until(lambda: [it for it in click.replies if it.text and not it.loading])
    assert line.ephemeral
    return line


class TestSources:
    @pytest.mark.parametrize("restarted", [False, True])
    async def test_a_number_shows_the_whole_passage_with_the_quote_in_bold(
        self, server: DiscordServer, answerer: ScriptedAnswerer, tmp_path: Path, restarted: bool
    ) -> None:
        async with herald(server, answerer, tmp_path) as bot:
            answer = await asked(bot)
            if not restarted:
                line = await told(server, server.click(server.bob, answer, "1"))
        if restarted:
            async with herald(server, answerer, tmp_path):
                line = await told(server, server.click(server.bob, answer, "1"))
        assert line.text.startswith("[1] ¶ 10 · ")
        assert f"What this basically means is **{real_citation().reading.strip()}**" in line.text

    async def test_a_source_that_has_changed_is_not_quoted(self, server: DiscordServer, tmp_path: Path) -> None:
        changed = replace(real_citation(), quote="something else")
        answerer = ScriptedAnswerer({"Who?": [replace(real_answer(), citations=(changed,))]})
        async with herald(server, answerer, tmp_path) as bot:
            line = await told(server, server.click(server.bob, await asked(bot), "1"))
        assert line.text == "The source 'transcript' has changed since it was quoted; ask again."

    async def test_a_source_with_too_long_an_id_has_no_button(self, server: DiscordServer, tmp_path: Path) -> None:
        cited = replace(real_citation(), source="s" * 80)
        answerer = ScriptedAnswerer({"Who?": [replace(real_answer(), citations=(cited,))]})
        async with herald(server, answerer, tmp_path) as bot:
            assert (await asked(bot)).buttons == []


class TestVotes:
    async def test_up(
        self, server: DiscordServer, answerer: ScriptedAnswerer, tmp_path: Path, journal: Journal
    ) -> None:
        async with herald(server, answerer, tmp_path, journal=journal) as bot:
            line = await told(server, server.click(server.bob, await asked(bot), "👍"))
        assert line.text == THANKS
        assert (await journal.summary()).votes_up == 1

    async def test_down_asks_why_even_after_a_restart(
        self, server: DiscordServer, answerer: ScriptedAnswerer, tmp_path: Path, journal: Journal
    ) -> None:
        async with herald(server, answerer, tmp_path, journal=journal) as bot:
            answer = await asked(bot)
        async with herald(server, answerer, tmp_path, journal=journal):
            click = server.click(server.bob, answer, "👎")
            await server.until(lambda: click.modal)
        async with herald(server, answerer, tmp_path, journal=journal):
            sent = server.submit_modal(server.bob, click, {"In your own words": "It is not what I asked."})
            assert (await told(server, sent)).text == NOTED
        (gap,) = await journal.down_voted(5)
        assert gap.reasons == ("It is not what I asked.",)

    async def test_an_answer_that_is_not_in_the_journal(
        self, server: DiscordServer, answerer: ScriptedAnswerer, tmp_path: Path, journal: Journal
    ) -> None:
        async with herald(server, answerer, tmp_path, journal=journal) as bot:
            answer = await asked(bot)
        (tmp_path / "other").mkdir()
        other = open_journal(tmp_path / "other" / "journal.sqlite3", retention_days=1)
        async with other as empty, herald(server, answerer, tmp_path, journal=empty):
            for vote in "👍👎":
                assert (await told(server, server.click(server.bob, answer, vote))).text == TOO_OLD

    async def test_without_a_journal_there_are_none(
        self, server: DiscordServer, answerer: ScriptedAnswerer, tmp_path: Path
    ) -> None:
        async with herald(server, answerer, tmp_path) as bot:
            assert [it.label for it in (await asked(bot)).buttons] == ["1"]


class TestPages:
    async def test_a_document_is_read_page_by_page(self, server: DiscordServer, tmp_path: Path) -> None:
        async with herald(server, ScriptedAnswerer(), tmp_path):
            asking = server.slash(server.alice, server.general, "sources", id="llama-2-license")
            (page,) = await server.until(lambda: [it for it in asking.replies if it.v2])
            assert [it.label for it in page.buttons] == ["▶"]
            texts = [page.text]
            while page.buttons[-1].label == "▶":
                before = page.text
                server.click(server.alice, page, "▶")
                await server.until(lambda before=before: page.text != before)  # type: ignore[misc]
                texts.append(page.text)
            server.click(server.alice, page, "◀")
            await server.until(lambda: page.text == texts[-2])
        assert page.ephemeral
        assert f"-# Page 1 of {len(texts)}" in texts[0]
        read = read_source(Library.open(), "llama-2-license")
        words = " ".join("".join(texts).replace("\\", "").replace("\u200b", "").split())
        for section in read.sections:
            assert section.text.split()[-1] in words

    async def test_what_is_offered_can_be_pressed(self, server: DiscordServer, tmp_path: Path) -> None:
        async with herald(server, ScriptedAnswerer(), tmp_path):
            asking = server.slash(server.alice, server.general, "license", clause="zebra")
            (offer,) = await server.until(lambda: [it for it in asking.replies if it.v2])
            assert "The license has nothing on “zebra”" in offer.text
            server.click(server.alice, offer, "§ 7 · Governing Law and Jurisdiction")
            await server.until(lambda: "Governing Law" in offer.text and "```" in offer.text)

    async def test_the_brief_has_the_sources_of_each_page(self, server: DiscordServer, tmp_path: Path) -> None:
        async with herald(server, ScriptedAnswerer(), tmp_path):
            asking = server.slash(server.alice, server.general, "explain")
            (page,) = await server.until(lambda: [it for it in asking.replies if it.v2])
            labels = {it.label for it in page.buttons} - {"▶"}
            line = await told(server, server.click(server.bob, page, "1"))
        assert labels and all(f"[{label}]" in page.text for label in labels)
        assert line.text.startswith("[1] ")

    def test_a_call_that_fits_no_button_is_not_put_into_one(self) -> None:
        library = Library.open()
        assert Calling.of("license", "x" * 200, look_up(library, "2")).argument == "llama-2-license:2"
        assert not Calling.of("explain", "x" * 200, explain(library)).fits


class TestOlderButtons:
    async def test_they_are_answered(self, server: DiscordServer, answerer: ScriptedAnswerer, tmp_path: Path) -> None:
        async with herald(server, answerer, tmp_path) as bot:
            answer = await asked(bot)
            answer.components.append(
                {"type": 1, "id": 90, "components": [
                    {"type": 2, "id": 91, "style": 2, "label": "old", "custom_id": "herald:old:1"},
                    {"type": 2, "id": 92, "style": 2, "label": "stop", "custom_id": "herald:stop:gone"},
                ]}
            )  # fmt: skip
            assert (await told(server, server.click(server.bob, answer, "old"))).text == OUTDATED
            assert (await told(server, server.click(server.bob, answer, "stop"))).text == STOPPING["over"]

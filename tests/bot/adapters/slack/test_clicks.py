"""What can be clicked in Slack: sources, votes, sharing, offers and the App Home, also after a restart."""

from collections.abc import Sequence
from pathlib import Path

import pytest

from bot.adapters.slack.clicks import TOO_SLOW
from bot.messages import Status
from bot.serving.lines import NOTED, OUTDATED, THANKS, TOO_OLD
from tests.fakes import ANSWERED, ScriptedAnswerer
from tests.platforms.slack_bot import Herald, herald, real_answer
from tests.platforms.slack_server import Message, SlackServer, View

FIRST = "Companies like Apple, Snap and TikTok cannot use it freely. [1]"
EXAMPLE = "Which companies cannot use Llama 2 freely?"


@pytest.fixture
def answerer() -> ScriptedAnswerer:
    return ScriptedAnswerer({"Who?": [Status("searching"), real_answer()], EXAMPLE: [ANSWERED]})


async def answer_in_channel(slack: SlackServer) -> Message:
    return await slack.reply(slack.mention("ann", "general", "Who?"))


async def private_answer(slack: SlackServer, channel: str = "general") -> Message:
    slack.slash("ann", channel, "/ask", "Who?")
    found = await slack.until(lambda: next((it for it in slack.ephemerals if FIRST in it.shown), None))
    assert found is not None
    return found


async def modal(slack: SlackServer, user: str = "ann") -> View:
    found = await slack.until(lambda: slack.modal(user))
    assert found is not None
    return found


async def told(slack: SlackServer, line: str) -> Message:
    found = await slack.until(lambda: next((it for it in everything(slack) if it.shown == line), None))
    assert found is not None
    return found


def everything(slack: SlackServer) -> Sequence[Message]:
    return [*slack.ephemerals, *slack.messages]


class TestSources:
    async def test_the_whole_passage_opens_with_the_quote_marked(
        self, slack: SlackServer, answerer: ScriptedAnswerer, tmp_path: Path
    ) -> None:
        async with herald(slack, tmp_path, answerer):
            answer = await answer_in_channel(slack)
            slack.click("bob", answer, "source:1")
            view = await modal(slack, "bob")
        assert view.shown.startswith("Source [1]\n[1] ¶ 10 · ")
        assert "What this basically means is companies like Apple, Snap," in view.shown
        marked = [
            part["text"]
            for block in view.view["blocks"]
            for element in block["elements"]
            for part in element["elements"]
            if part.get("style") == {"bold": True}
        ]
        assert marked == ["[1]", "companies like Apple, Snap, TikTok, a lot "]

    async def test_after_a_restart(self, slack: SlackServer, answerer: ScriptedAnswerer, tmp_path: Path) -> None:
        async with herald(slack, tmp_path, answerer):
            answer = await answer_in_channel(slack)
        async with herald(slack, tmp_path, answerer):
            slack.click("bob", answer, "source:1")
            assert "companies like Apple, Snap," in (await modal(slack, "bob")).shown

    async def test_of_a_private_answer(self, slack: SlackServer, answerer: ScriptedAnswerer, tmp_path: Path) -> None:
        async with herald(slack, tmp_path, answerer):
            slack.click("ann", await private_answer(slack, "random"), "source:1")
            assert "companies like Apple, Snap," in (await modal(slack)).shown

    async def test_one_that_has_changed_says_so(self, slack: SlackServer, tmp_path: Path) -> None:
        async with herald(slack, tmp_path):
            answer = await answer_in_channel(slack)
            slack.click("bob", answer, "source:1")
            message = await told(slack, "The source 'transcript' has changed since it was quoted; ask again.")
        assert message.ephemeral_to == slack.user("bob").id

    async def test_a_modal_that_cannot_be_opened_says_so(
        self, slack: SlackServer, answerer: ScriptedAnswerer, tmp_path: Path
    ) -> None:
        slack.fail("views.open", "expired_trigger_id")
        async with herald(slack, tmp_path, answerer):
            slack.click("bob", await answer_in_channel(slack), "source:1")
            await told(slack, TOO_SLOW)


class TestVotes:
    async def votes(self, bot: Herald) -> tuple[int, int]:
        summary = await bot.journal.summary()
        return summary.votes_up, summary.votes_down

    async def test_a_good_answer(self, slack: SlackServer, answerer: ScriptedAnswerer, tmp_path: Path) -> None:
        async with herald(slack, tmp_path, answerer) as bot:
            answer = await answer_in_channel(slack)
            slack.click("bob", answer, "feedback", "positive")
            message = await told(slack, THANKS)
            assert await self.votes(bot) == (1, 0)
        assert message.ephemeral_to == slack.user("bob").id

    async def test_a_bad_answer_asks_why_also_after_a_restart(
        self, slack: SlackServer, answerer: ScriptedAnswerer, tmp_path: Path
    ) -> None:
        async with herald(slack, tmp_path, answerer):
            answer = await answer_in_channel(slack)
        async with herald(slack, tmp_path, answerer) as bot:
            slack.click("bob", answer, "feedback", "negative")
            form = await modal(slack, "bob")
            slack.submit_view("bob", form, {"why": "It names no dates."})
            await slack.until(lambda: NOTED in form.shown)
            await bot.leave()
            assert await self.votes(bot) == (0, 1)
            gaps = await bot.journal.down_voted(5)
        assert gaps[0].reasons == ("It names no dates.",)

    async def test_a_bad_answer_counts_without_a_reason(
        self, slack: SlackServer, answerer: ScriptedAnswerer, tmp_path: Path
    ) -> None:
        async with herald(slack, tmp_path, answerer) as bot:
            slack.click("bob", await answer_in_channel(slack), "feedback", "negative")
            form = await modal(slack, "bob")
            slack.submit_view("bob", form)
            await slack.until(lambda: NOTED in form.shown)
            await bot.leave()
            assert await self.votes(bot) == (0, 1)

    async def test_a_private_answer_is_voted_on(
        self, slack: SlackServer, answerer: ScriptedAnswerer, tmp_path: Path
    ) -> None:
        async with herald(slack, tmp_path, answerer) as bot:
            slack.click("ann", await private_answer(slack), "feedback", "positive")
            await told(slack, THANKS)
            assert await self.votes(bot) == (1, 0)

    async def test_an_answer_that_is_no_longer_known(
        self, slack: SlackServer, answerer: ScriptedAnswerer, tmp_path: Path
    ) -> None:
        async with herald(slack, tmp_path / "one", answerer):
            answer = await answer_in_channel(slack)
        async with herald(slack, tmp_path / "other", answerer):
            slack.click("bob", answer, "feedback", "positive")
            await told(slack, TOO_OLD)


class TestSharing:
    @pytest.mark.parametrize("channel", ["general", "random"])
    async def test_an_answer_after_a_restart(
        self, slack: SlackServer, answerer: ScriptedAnswerer, tmp_path: Path, channel: str
    ) -> None:
        async with herald(slack, tmp_path, answerer):
            answer = await private_answer(slack, channel)
        async with herald(slack, tmp_path, answerer):
            slack.click("ann", answer, "share")
            await slack.until(lambda: len(slack.messages) == 2)
        question, shared = slack.messages
        assert (question.shown, question.channel.name) == ("Who?", channel)
        assert shared.shown.startswith(FIRST) and "[1] ¶ 10 · " in shared.shown
        assert "Share in channel" not in shared.shown and not shared.mentions and not shared.links

    async def test_a_clause(self, slack: SlackServer, tmp_path: Path) -> None:
        async with herald(slack, tmp_path):
            slack.slash("ann", "random", "/license", "1.b.v")
            await slack.until(lambda: slack.ephemerals)
            slack.click("ann", slack.ephemerals[0], "share")
            await slack.until(lambda: slack.messages)
        assert "to improve any other large language model" in slack.messages[0].shown

    async def test_an_answer_whose_source_has_changed_is_not(self, slack: SlackServer, tmp_path: Path) -> None:
        async with herald(slack, tmp_path):
            slack.click("ann", await private_answer(slack), "share")
            await slack.until(lambda: any("has changed" in it.shown for it in slack.ephemerals))
        assert slack.messages == []


class TestOffers:
    async def test_an_offered_clause_opens(self, slack: SlackServer, tmp_path: Path) -> None:
        async with herald(slack, tmp_path):
            slack.slash("ann", "general", "/license", "agreement thing")
            await slack.until(lambda: slack.ephemerals)
            offered = next(it for it in slack.ephemerals[0].action_ids if it.startswith("show"))
            slack.click("ann", slack.ephemerals[0], offered)
            assert "not legal advice" in (await modal(slack)).shown

    async def test_one_in_a_modal_opens_on_top_of_it(self, slack: SlackServer, tmp_path: Path) -> None:
        async with herald(slack, tmp_path):
            slack.slash("ann", "general", "/explain", "nonsense")
            await slack.until(lambda: slack.ephemerals)
            slack.click("ann", slack.ephemerals[0], "show:0")
            below = await modal(slack)
            slack.click("ann", below, next(it for it in below.action_ids if it.startswith("source")))
            await slack.until(lambda: len(slack.modals) == 2)
        assert slack.modals[1].shown.startswith("Source [")

    async def test_a_button_of_an_older_version_says_so(
        self, slack: SlackServer, answerer: ScriptedAnswerer, tmp_path: Path
    ) -> None:
        async with herald(slack, tmp_path, answerer):
            answer = await answer_in_channel(slack)
            answer.blocks.append(
                {
                    "type": "actions",
                    "block_id": "old",
                    "elements": [
                        {
                            "type": "button",
                            "text": {"type": "plain_text", "text": "x"},
                            "action_id": "old",
                            "value": "x",
                        }
                    ],
                }
            )
            slack.click("bob", answer, "old")
            await told(slack, OUTDATED)


class TestHome:
    async def home(self, slack: SlackServer) -> View:
        slack.open_home("ann")
        found = await slack.until(lambda: slack.home("ann"))
        assert found is not None
        return found

    async def test_it_says_what_it_can_do(self, slack: SlackServer, tmp_path: Path) -> None:
        async with herald(slack, tmp_path):
            home = await self.home(slack)
        for expected in (EXAMPLE, "/license [clause]", "/herald about", "§ 1.b.iii · Attribution notice"):
            assert expected in home.shown

    async def test_a_clause_opens_in_a_modal(self, slack: SlackServer, tmp_path: Path) -> None:
        async with herald(slack, tmp_path):
            home = await self.home(slack)
            buttons = [block["accessory"] for block in home.view["blocks"] if "accessory" in block]
            clause = next(it for it in buttons if it["value"] == "license 1.b.v")
            slack.click("ann", home, clause["action_id"])
            view = await modal(slack)
        assert "to improve any other large language model" in view.shown

    async def test_an_example_is_answered_in_a_direct_message(
        self, slack: SlackServer, answerer: ScriptedAnswerer, tmp_path: Path
    ) -> None:
        async with herald(slack, tmp_path, answerer):
            slack.click("ann", await self.home(slack), "ask:0")
            await slack.until(lambda: any(FIRST in message.shown for message in slack.messages))
        question, answer = slack.messages
        assert question.shown == EXAMPLE and question.channel.kind == "im"
        assert answer.thread_ts == question.ts

    async def test_it_is_renewed_when_it_is_opened_again(self, slack: SlackServer, tmp_path: Path) -> None:
        async with herald(slack, tmp_path):
            await self.home(slack)
            slack.open_home("ann")
            await slack.until(lambda: len(slack.calls_to("views.publish")) == 2)

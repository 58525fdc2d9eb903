"""Every way of asking Herald on Discord, as dialogues with the real client over loopback."""

from pathlib import Path

import pytest

from bot.adapters.discord.mentions import UNREAD
from bot.errors import QuestionError
from bot.license_lookup import look_up
from bot.messages import Turn
from bot.replies import ClauseReply
from bot.serving.lines import NO_TEXT, NOT_HERE
from knowledge.loading import Library
from tests.fakes import ANSWERED, ScriptedAnswerer
from tests.platforms.discord_bot import herald
from tests.platforms.discord_server import DiscordServer, Permission

SAID = "Companies like Apple, Snap and TikTok cannot use it freely. The limit is 700 million monthly active users."
TURNS = (Turn("user", "Who?"), Turn("assistant", SAID))


@pytest.fixture
def answerer() -> ScriptedAnswerer:
    return ScriptedAnswerer({"Who?": [ANSWERED], "And why?": [ANSWERED]})


class TestMentions:
    async def test_a_mention_is_answered_in_a_thread_named_after_it(
        self, server: DiscordServer, answerer: ScriptedAnswerer, tmp_path: Path
    ) -> None:
        async with herald(server, answerer, tmp_path) as bot:
            question = server.say(server.alice, server.general, "Who?", mention=True)
            thread = await bot.thread_of(question)
            answer = await bot.answer(thread)
        assert thread.name == "Who?"
        assert "Apple, Snap and TikTok cannot use it freely. [1]" in answer.text
        assert not answer.pings
        assert server.replies(server.general) == []

    async def test_without_threads_it_is_a_reply_that_pings_nobody(
        self, server: DiscordServer, answerer: ScriptedAnswerer, tmp_path: Path
    ) -> None:
        async with herald(server, answerer, tmp_path, threads=False) as bot:
            question = server.say(server.alice, server.general, "Who?", mention=True)
            answer = await bot.answer(server.general)
        assert answer.reply_to is question and question.thread is None
        assert not answer.pings

    async def test_others_are_named_as_readers_see_them(
        self, server: DiscordServer, answerer: ScriptedAnswerer, tmp_path: Path
    ) -> None:
        async with herald(server, answerer, tmp_path) as bot:
            words = f"{server.bot.mention} does {server.bob.mention}\nread {server.general.mention} <:smile:123>?"
            question = server.say(server.alice, server.general, words)
            await bot.answer(await bot.thread_of(question))
        assert [it.text for it in answerer.asked] == ["does @Bob read #general :smile:?"]

    async def test_an_empty_mention_gets_help(
        self, server: DiscordServer, answerer: ScriptedAnswerer, tmp_path: Path
    ) -> None:
        async with herald(server, answerer, tmp_path) as bot:
            question = server.say(server.alice, server.general, "", mention=True)
            answer = await bot.answer(server.general)
        assert answer.reply_to is question
        assert "`/license [clause]`" in answer.text and "Which companies cannot use Llama 2 freely?" in answer.text

    async def test_commands_can_be_written_out(
        self, server: DiscordServer, answerer: ScriptedAnswerer, tmp_path: Path
    ) -> None:
        async with herald(server, answerer, tmp_path) as bot:
            server.say(server.alice, server.general, "/license 1.b.v", mention=True)
            assert "to improve any other large language model" in (await bot.answer(server.general)).text
            server.dm(server.alice, "/licence 2")
            answer = await bot.answer(server.dm_channel(server.alice))
        assert answer.text == "There is no command /licence. Did you mean /license?"

    async def test_a_question_that_is_refused_gets_one_safe_line(self, server: DiscordServer, tmp_path: Path) -> None:
        answerer = ScriptedAnswerer({"long": [QuestionError("The question is too long; 500 words at most.")]})
        async with herald(server, answerer, tmp_path) as bot:
            question = server.say(server.alice, server.general, "long", mention=True)
            answer = await bot.answer(await bot.thread_of(question))
        assert answer.text == "The question is too long; 500 words at most."

    async def test_bots_and_those_who_speak_to_others_are_left_alone(
        self, server: DiscordServer, answerer: ScriptedAnswerer, tmp_path: Path
    ) -> None:
        async with herald(server, answerer, tmp_path):
            other = server.add_user("Other", server.guild, bot=True)
            server.say(other, server.general, "Who?", mention=True)
            server.say(server.alice, server.general, "Who?")
            server.say(server.alice, server.general, f"{server.bob.mention} Who?")
            await server.delivered()
            assert not answerer.asked and not server.replies(server.general)


class TestConversations:
    async def test_a_reply_to_an_answer_continues_it(
        self, server: DiscordServer, answerer: ScriptedAnswerer, tmp_path: Path
    ) -> None:
        async with herald(server, answerer, tmp_path, threads=False) as bot:
            server.say(server.alice, server.general, "Who?", mention=True)
            answer = await bot.answer(server.general)
            server.say(server.bob, server.general, "And why?", reply_to=answer)
            await server.until(lambda: len(server.replies(server.general)) == 2)
        assert answerer.asked[1].history == TURNS

    async def test_after_a_restart_the_chain_of_replies_is_read(
        self, reading: DiscordServer, answerer: ScriptedAnswerer, tmp_path: Path
    ) -> None:
        server = reading
        async with herald(server, answerer, tmp_path, threads=False) as bot:
            server.say(server.alice, server.general, "Who?", mention=True)
            answer = await bot.answer(server.general)
        async with herald(server, answerer, tmp_path, threads=False):
            server.say(server.bob, server.general, "And why?", reply_to=answer)
            await server.until(lambda: len(server.replies(server.general)) == 2)
        assert answerer.asked[1].history == TURNS

    async def test_a_reply_that_cannot_be_read_is_told_so(
        self, server: DiscordServer, answerer: ScriptedAnswerer, tmp_path: Path
    ) -> None:
        async with herald(server, answerer, tmp_path, threads=False) as bot:
            server.say(server.alice, server.general, "Who?", mention=True)
            answer = await bot.answer(server.general)
            server.say(server.bob, server.general, "And why?", reply_to=answer, ping=False)
            told = await server.until(lambda: server.replies(server.general)[1:])
        assert told[0].text == UNREAD

    async def test_a_thread_is_continued_by_mentions(
        self, server: DiscordServer, answerer: ScriptedAnswerer, tmp_path: Path
    ) -> None:
        async with herald(server, answerer, tmp_path) as bot:
            thread = await bot.thread_of(server.say(server.alice, server.general, "Who?", mention=True))
            await bot.answer(thread)
            for _ in range(2):
                server.say(server.alice, thread, "And why?")
            (told,) = await server.until(lambda: server.replies(thread)[1:])
            await server.delivered()
            assert told.text == UNREAD and len(answerer.asked) == 1
            server.say(server.alice, thread, "And why?", mention=True)
            await server.until(lambda: len(server.replies(thread)) == 3)
        assert answerer.asked[1].history == TURNS

    async def test_with_the_content_intent_a_thread_goes_on_without_mentions(
        self, reading: DiscordServer, answerer: ScriptedAnswerer, tmp_path: Path
    ) -> None:
        server = reading
        async with herald(server, answerer, tmp_path, message_content=True) as bot:
            thread = await bot.thread_of(server.say(server.alice, server.general, "Who?", mention=True))
            answer = await bot.answer(thread)
            server.say(server.bob, thread, f"{server.alice.mention} nice")
            server.say(server.alice, thread, "thanks", reply_to=server.say(server.bob, thread, "And why?"))
            await server.until(lambda: len(server.replies(thread)) == 2)
            server.say(server.alice, server.general, "nobody asked Herald")
            await server.delivered()
        assert [it.text for it in answerer.asked] == ["Who?", "And why?"]
        assert answerer.asked[1].history == TURNS
        assert answer.thread is None

    async def test_after_a_restart_the_thread_is_read(
        self, reading: DiscordServer, answerer: ScriptedAnswerer, tmp_path: Path
    ) -> None:
        server = reading
        async with herald(server, answerer, tmp_path, message_content=True) as bot:
            thread = await bot.thread_of(server.say(server.alice, server.general, "Who?", mention=True))
            await bot.answer(thread)
        async with herald(server, answerer, tmp_path, message_content=True):
            server.say(server.alice, thread, "And why?")
            await server.until(lambda: len(server.replies(thread)) == 2)
        assert answerer.asked[1].history == TURNS

    async def test_in_threads_of_others_only_mentions_are_answered(
        self, reading: DiscordServer, answerer: ScriptedAnswerer, tmp_path: Path
    ) -> None:
        server = reading
        async with herald(server, answerer, tmp_path, message_content=True) as bot:
            thread = server.start_thread(server.alice, server.general, "Models")
            question = server.say(server.alice, thread, "Who?", mention=True)
            answer = await bot.answer(thread)
            server.say(server.alice, thread, "And why?")
            await server.delivered()
        assert answer.reply_to is question
        assert [it.text for it in answerer.asked] == ["Who?"]

    async def test_direct_messages_are_a_conversation(
        self, server: DiscordServer, answerer: ScriptedAnswerer, tmp_path: Path
    ) -> None:
        channel = server.dm_channel(server.alice)
        async with herald(server, answerer, tmp_path) as bot:
            server.dm(server.alice, "Who?")
            await bot.answer(channel)
        async with herald(server, answerer, tmp_path):
            server.dm(server.alice, "And why?")
            await server.until(lambda: len(server.replies(channel)) == 2)
        assert [it.history for it in answerer.asked] == [(), TURNS]

    async def test_yesterdays_direct_messages_are_another_conversation(
        self, server: DiscordServer, answerer: ScriptedAnswerer, tmp_path: Path
    ) -> None:
        channel = server.dm_channel(server.alice)
        async with herald(server, answerer, tmp_path) as bot:
            server.dm(server.alice, "Who?")
            await bot.answer(channel)
        server.clock.advance(25 * 3600)
        async with herald(server, answerer, tmp_path):
            server.dm(server.alice, "And why?")
            await server.until(lambda: len(server.replies(channel)) == 2)
        assert answerer.asked[1].history == ()

    async def test_a_command_in_a_thread_goes_on_with_it_after_a_restart(
        self, server: DiscordServer, answerer: ScriptedAnswerer, tmp_path: Path
    ) -> None:
        async with herald(server, answerer, tmp_path) as bot:
            thread = await bot.thread_of(server.say(server.alice, server.general, "Who?", mention=True))
            await bot.answer(thread)
        async with herald(server, answerer, tmp_path):
            asked = server.slash(server.alice, thread, "ask", question="And why?")
            await server.until(lambda: [it for it in asked.replies if it.v2])
        assert answerer.asked[1].history == TURNS

    async def test_a_thread_that_was_deleted_is_forgotten(
        self, server: DiscordServer, answerer: ScriptedAnswerer, tmp_path: Path
    ) -> None:
        async with herald(server, answerer, tmp_path) as bot:
            question = server.say(server.alice, server.general, "Who?", mention=True)
            thread = await bot.thread_of(question)
            await bot.answer(thread)
            await server.until(lambda: bot.desk.remembers(f"discord:{thread.id}"))
            server.delete_thread(thread)
            await server.delivered()
            assert not bot.desk.remembers(f"discord:{thread.id}")


class TestCommands:
    async def test_ask(self, server: DiscordServer, answerer: ScriptedAnswerer, tmp_path: Path) -> None:
        async with herald(server, answerer, tmp_path):
            asked = server.slash(server.alice, server.general, "ask", question="Who?")
            (answer,) = await server.until(lambda: [it for it in asked.replies if it.v2])
        assert asked.acknowledged_after is not None and asked.acknowledged_after < 1
        assert "The limit is 700 million monthly active users. [2]" in answer.text
        assert not answer.ephemeral

    async def test_ask_for_your_eyes_only(
        self, server: DiscordServer, answerer: ScriptedAnswerer, tmp_path: Path
    ) -> None:
        async with herald(server, answerer, tmp_path):
            asked = server.slash(server.alice, server.general, "ask", question="Who?", private=True)
            (answer,) = await server.until(lambda: [it for it in asked.replies if it.v2])
        assert answer.visible_to is server.alice

    async def test_what_is_private_is_no_part_of_the_conversation(
        self, server: DiscordServer, answerer: ScriptedAnswerer, tmp_path: Path
    ) -> None:
        async with herald(server, answerer, tmp_path):
            thread = server.start_thread(server.alice, server.general, "Models")
            for private in (True, False, False):
                asked = server.slash(server.alice, thread, "ask", question="Who?", private=private)
                await server.until(lambda asked=asked: [it for it in asked.replies if it.v2])  # type: ignore[misc]
        assert [it.history for it in answerer.asked] == [(), (), TURNS]

    async def test_a_clause_is_found_as_one_types_and_shown_exactly(
        self, server: DiscordServer, answerer: ScriptedAnswerer, tmp_path: Path
    ) -> None:
        async with herald(server, answerer, tmp_path):
            typed = server.autocomplete(server.alice, server.general, "license", "clause", "1.b.ii")
            choices = await server.until(lambda: typed.choices)
            assert choices is not None
            assert [it["value"] for it in choices] == ["1.b.ii", "1.b.iii"]
            asked = server.slash(server.alice, server.general, "license", clause="1.b.iii")
            (answer,) = await server.until(lambda: [it for it in asked.replies if it.v2])
        clause = look_up(Library.open(), "1.b.iii")
        assert isinstance(clause, ClauseReply) and clause.definitions
        for exact in (clause.text, *(definition.text for definition in clause.definitions)):
            assert f"```\n{exact}\n```" in answer.text
        assert "-# This is not legal advice." in answer.text

    @pytest.mark.parametrize(
        ("command", "words", "private"),
        [
            ("explain", "### ", False),
            ("sources", "`transcript`", True),
            ("help", "`/ask question`", True),
            ("about", "not affiliated with Meta", True),
            ("license", "`1.b.iii`", False),
        ],
    )
    async def test_the_other_commands(
        self, server: DiscordServer, tmp_path: Path, command: str, words: str, private: bool
    ) -> None:
        async with herald(server, ScriptedAnswerer(), tmp_path):
            asked = server.slash(server.alice, server.general, command)
            (answer,) = await server.until(lambda: [it for it in asked.replies if it.v2])
        assert words in answer.text
        assert answer.ephemeral is private

    async def test_a_message_is_explained(
        self, server: DiscordServer, answerer: ScriptedAnswerer, tmp_path: Path
    ) -> None:
        async with herald(server, answerer, tmp_path):
            message = server.say(server.bob, server.general, "Who?")
            asked = server.message_command(server.alice, server.general, "Explain with Herald", message)
            (answer,) = await server.until(lambda: [it for it in asked.replies if it.v2])
            assert "Apple" in answer.text
            nothing = server.message_command(
                server.alice, server.general, "Explain with Herald", server.say(server.bob, server.general, "")
            )
            (line,) = await server.until(lambda: [it for it in nothing.replies if it.v2])
        assert line.text == NO_TEXT and line.ephemeral

    async def test_a_user_takes_it_along_to_where_it_is_not(
        self, server: DiscordServer, answerer: ScriptedAnswerer, tmp_path: Path
    ) -> None:
        async with herald(server, answerer, tmp_path):
            server.install(server.alice)
            foreign = server.add_channel("away", server.add_guild("Away", server.alice, with_bot=False))
            for channel in (foreign, server.private_channel(server.alice, server.bob)):
                asked = server.slash(server.alice, channel, "ask", question="Who?")
                (answer,) = await server.until(
                    lambda asked=asked: [it for it in asked.replies if it.v2]  # type: ignore[misc]
                )
                assert "Apple" in answer.text
        assert all(request.status < 400 for request in server.requests)


class TestChannels:
    async def test_a_channel_can_have_every_question_answered(
        self, reading: DiscordServer, answerer: ScriptedAnswerer, tmp_path: Path
    ) -> None:
        server = reading
        async with herald(server, answerer, tmp_path, answer_all_channels=str(server.general.id)) as bot:
            question = server.say(server.alice, server.general, "Who?")
            thread = await bot.thread_of(question)
            await bot.answer(thread)
            server.say(server.alice, thread, "And why?")
            await server.until(lambda: len(server.replies(thread)) == 2)
            server.say(server.alice, server.add_channel("other"), "Who?")
            await server.delivered()
        assert [it.text for it in answerer.asked] == ["Who?", "And why?"]

    async def test_in_a_denied_channel_who_asks_is_told_once(
        self, server: DiscordServer, answerer: ScriptedAnswerer, tmp_path: Path
    ) -> None:
        async with herald(server, answerer, tmp_path, denied_channels=str(server.general.id)) as bot:
            server.say(server.alice, server.general, "Who?", mention=True)
            told = await bot.answer(server.general)
            server.say(server.alice, server.general, "Who?", mention=True)
            asked = server.slash(server.alice, server.general, "ask", question="Who?")
            (line,) = await server.until(lambda: [it for it in asked.replies if it.v2])
            await server.delivered()
        assert told.text == line.text == NOT_HERE
        assert line.ephemeral
        assert len(server.replies(server.general)) == 2
        assert not answerer.asked

    async def test_only_allowed_channels_and_direct_messages(
        self, server: DiscordServer, answerer: ScriptedAnswerer, tmp_path: Path
    ) -> None:
        allowed = server.add_channel("herald")
        async with herald(server, answerer, tmp_path, allowed_channels=str(allowed.id)) as bot:
            await bot.answer(await bot.thread_of(server.say(server.alice, allowed, "Who?", mention=True)))
            server.dm(server.alice, "Who?")
            await bot.answer(server.dm_channel(server.alice))
            server.say(server.alice, server.general, "Who?", mention=True)
            assert (await bot.answer(server.general)).text == NOT_HERE
        assert len(answerer.asked) == 2


class TestPermissions:
    async def test_without_threads_to_open_it_is_a_reply(
        self, server: DiscordServer, answerer: ScriptedAnswerer, tmp_path: Path
    ) -> None:
        async with herald(server, answerer, tmp_path) as bot:
            server.deny(server.general, Permission.CREATE_PUBLIC_THREADS)
            await server.delivered()
            question = server.say(server.alice, server.general, "Who?", mention=True)
            assert (await bot.answer(server.general)).reply_to is question
        assert server.refusals == []

    async def test_without_history_to_read_it_is_a_message(
        self, server: DiscordServer, answerer: ScriptedAnswerer, tmp_path: Path
    ) -> None:
        async with herald(server, answerer, tmp_path, threads=False) as bot:
            server.deny(server.general, Permission.READ_MESSAGE_HISTORY)
            await server.delivered()
            server.say(server.alice, server.general, "Who?", mention=True)
            assert "Apple" in (await bot.answer(server.general)).text

    async def test_where_it_may_not_speak_commands_work_and_the_log_says_so_once(
        self, server: DiscordServer, answerer: ScriptedAnswerer, tmp_path: Path, caplog: pytest.LogCaptureFixture
    ) -> None:
        async with herald(server, answerer, tmp_path):
            server.deny(server.general, Permission.SEND_MESSAGES, Permission.SEND_MESSAGES_IN_THREADS)
            await server.delivered()
            for _ in range(2):
                server.say(server.alice, server.general, "Who?", mention=True)
            asked = server.slash(server.alice, server.general, "ask", question="And why?")
            (answer,) = await server.until(lambda: [it for it in asked.replies if it.v2])
            await server.delivered()
        assert "Apple" in answer.text
        assert server.refusals == []
        assert len([it for it in caplog.records if "Herald may not answer" in it.getMessage()]) == 1

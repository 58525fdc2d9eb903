"""Every way of asking Herald on Slack, as dialogues with the real libraries over loopback."""

import asyncio
from pathlib import Path

import pytest

from bot.errors import QuestionError
from bot.messages import Status, Turn
from bot.serving.lines import NO_TEXT, NOT_HERE, OUTDATED
from tests.fakes import ANSWERED, UNKNOWN, ScriptedAnswerer
from tests.platforms.slack_bot import WHOLE_DRAFT, herald
from tests.platforms.slack_server import Message, SlackServer

SAID = "Companies like Apple, Snap and TikTok cannot use it freely. The limit is 700 million monthly active users."
TURNS = (Turn("user", "Who?"), Turn("assistant", SAID))
FIRST = "Companies like Apple, Snap and TikTok cannot use it freely. [1]"
CLAUSE = "to improve any other large language model"


@pytest.fixture
def answerer() -> ScriptedAnswerer:
    return ScriptedAnswerer({"Who?": [Status("searching"), WHOLE_DRAFT, ANSWERED], "And why?": [ANSWERED]})


async def whispered(slack: SlackServer, count: int = 1) -> Message:
    """The last of so many ephemeral messages."""
    await slack.until(lambda: len(slack.ephemerals) >= count)
    return slack.ephemerals[-1]


class TestMentions:
    async def test_a_mention_is_answered_in_its_thread_once(
        self, slack: SlackServer, answerer: ScriptedAnswerer, tmp_path: Path
    ) -> None:
        async with herald(slack, tmp_path, answerer):
            asked = slack.mention("ann", "general", "Who?")
            answer = await slack.reply(asked)
        assert answer.shown.startswith(FIRST)
        assert answer.thread_ts == asked.ts and not answer.mentions and not answer.links
        assert [question.text for question in answerer.asked] == ["Who?"]
        assert len(slack.replies(asked)) == 1

    async def test_words_are_read_as_their_author_sees_them(
        self, slack: SlackServer, answerer: ScriptedAnswerer, tmp_path: Path
    ) -> None:
        async with herald(slack, tmp_path, answerer):
            await slack.reply(slack.mention("ann", "general", "R&D <3\nsee https://a.example/x ok @here"))
        assert [question.text for question in answerer.asked] == ["R&D <3 see https://a.example/x ok @here"]

    async def test_an_empty_mention_gets_help(self, slack: SlackServer, tmp_path: Path) -> None:
        async with herald(slack, tmp_path):
            answer = await slack.reply(slack.mention("ann", "general", "  "))
        assert "Which companies cannot use Llama 2 freely?" in answer.shown
        assert "/herald help" in answer.shown

    async def test_commands_can_be_written_out_where_slash_commands_do_not_work(
        self, slack: SlackServer, tmp_path: Path
    ) -> None:
        async with herald(slack, tmp_path):
            answer = await slack.reply(slack.mention("ann", "general", "/license 1.b.v"))
            wrong = await slack.reply(slack.mention("ann", "general", "/licence 2"))
        assert CLAUSE in answer.shown
        assert wrong.shown == "There is no command /licence. Did you mean /license?"

    async def test_a_question_that_is_refused_gets_one_safe_line(self, slack: SlackServer, tmp_path: Path) -> None:
        answerer = ScriptedAnswerer({"long": [QuestionError("The question is too long; 500 words at most.")]})
        async with herald(slack, tmp_path, answerer):
            answer = await slack.reply(slack.mention("ann", "general", "long"))
        assert answer.shown == "The question is too long; 500 words at most."

    async def test_the_same_event_twice_is_answered_once(
        self, slack: SlackServer, answerer: ScriptedAnswerer, tmp_path: Path
    ) -> None:
        async with herald(slack, tmp_path, answerer) as bot:
            asked = slack.mention("ann", "general", "Who?")
            await slack.reply(asked)
            for delivery in [*slack.deliveries_of("app_mention"), *slack.deliveries_of("message")[:1]]:
                slack.redeliver(delivery)
            await slack.until(lambda: len(slack.deliveries_of("app_mention")[0].attempts) == 2)
            await slack.reply(slack.mention("ann", "general", "hm?"))
            await bot.desk.idle()
        assert [question.text for question in answerer.asked] == ["Who?", "hm?"]

    async def test_an_event_that_an_earlier_process_answered_is_not_answered_again(
        self, slack: SlackServer, answerer: ScriptedAnswerer, tmp_path: Path
    ) -> None:
        async with herald(slack, tmp_path, answerer):
            await slack.reply(slack.mention("ann", "general", "Who?"))
        async with herald(slack, tmp_path, answerer):
            slack.redeliver(slack.deliveries_of("app_mention")[0])
            await slack.reply(slack.mention("ann", "general", "hm?"))
        assert [question.text for question in answerer.asked] == ["Who?", "hm?"]

    async def test_an_edited_question_is_not_asked_again(
        self, slack: SlackServer, answerer: ScriptedAnswerer, tmp_path: Path
    ) -> None:
        async with herald(slack, tmp_path, answerer):
            asked = slack.mention("ann", "general", "Who?")
            await slack.reply(asked)
            slack.edit(asked, f"<@{slack.team.bot_user_id}> Who else?")
            await slack.reply(slack.mention("ann", "general", "hm?"))
        assert [question.text for question in answerer.asked] == ["Who?", "hm?"]


class TestFollowUps:
    async def test_a_thread_goes_on_without_a_mention(
        self, slack: SlackServer, answerer: ScriptedAnswerer, tmp_path: Path
    ) -> None:
        async with herald(slack, tmp_path, answerer):
            asked = slack.mention("ann", "general", "Who?")
            await slack.reply(asked)
            follow_up = slack.say("bob", "general", "And why?", asked)
            await slack.reply(follow_up)
        assert [(question.text, question.history) for question in answerer.asked] == [
            ("Who?", ()),
            ("And why?", TURNS),
        ]

    async def test_after_a_restart_the_thread_is_read(
        self, slack: SlackServer, answerer: ScriptedAnswerer, tmp_path: Path
    ) -> None:
        async with herald(slack, tmp_path, answerer):
            asked = slack.mention("ann", "general", "Who?")
            await slack.reply(asked)
        async with herald(slack, tmp_path, answerer):
            follow_up = slack.say("ann", "general", "And why?", asked)
            await slack.reply(follow_up)
        assert answerer.asked[1].history == TURNS

    async def test_what_the_bot_has_no_part_in_is_left_alone(
        self, slack: SlackServer, answerer: ScriptedAnswerer, tmp_path: Path
    ) -> None:
        async with herald(slack, tmp_path, answerer) as bot:
            root = slack.say("ann", "general", "Lunch?")
            first = slack.say("bob", "general", "Yes", root)
            slack.say("ann", "general", "Where?", root)
            await slack.reply(slack.mention("ann", "general", "hm?"))
            await bot.desk.idle()
        assert slack.replies(root) == [] and slack.replies(first) == []
        assert len(slack.calls_to("conversations.replies")) <= 2

    async def test_a_message_to_somebody_else_in_the_thread_is_left_alone(
        self, slack: SlackServer, answerer: ScriptedAnswerer, tmp_path: Path
    ) -> None:
        async with herald(slack, tmp_path, answerer) as bot:
            asked = slack.mention("ann", "general", "Who?")
            await slack.reply(asked)
            said = slack.say("ann", "general", "x", asked)
            said.text = f"<@{slack.user('bob').id}> see?"
            slack.platform.tell_message(
                said.channel, {**said.as_json(), "channel": said.channel.id, "ts": f"{asked.ts[:-1]}9"}
            )
            await bot.desk.idle()
            await slack.reply(slack.mention("ann", "general", "hm?"))
        assert "see?" not in " ".join(question.text for question in answerer.asked)

    async def test_bots_and_the_bot_itself_are_not_answered(
        self, slack: SlackServer, answerer: ScriptedAnswerer, tmp_path: Path
    ) -> None:
        async with herald(slack, tmp_path, answerer) as bot:
            channel = slack.channel("general")
            named = f"<@{slack.team.bot_user_id}> Who?"
            for event in (
                {"type": "message", "channel": channel.id, "bot_id": "B9", "user": "U9", "text": named, "ts": "9.1"},
                {"type": "message", "subtype": "bot_message", "channel": channel.id, "text": named, "ts": "9.2"},
                {"type": "message", "channel": channel.id, "user": slack.team.bot_user_id, "text": named, "ts": "9.3"},
                {"type": "message", "subtype": "channel_join", "channel": channel.id, "user": "U9", "text": named},
            ):
                slack.platform.tell_message(channel, event)
            await slack.reply(slack.mention("ann", "general", "hm?"))
            await bot.desk.idle()
        assert [question.text for question in answerer.asked] == ["hm?"]


class TestDirectMessages:
    async def test_they_are_answered_in_a_thread_and_go_on(
        self, slack: SlackServer, answerer: ScriptedAnswerer, tmp_path: Path
    ) -> None:
        async with herald(slack, tmp_path, answerer):
            asked = slack.dm("ann", "Who?")
            answer = await slack.reply(asked)
            await slack.reply(slack.dm("ann", "And why?"))
            await slack.reply(slack.dm("ann", "And why?", asked))
        assert answer.shown.startswith(FIRST)
        assert answer.stream is not None and answer.stream.recipient == slack.user("ann").id
        assert [question.history for question in answerer.asked] == [(), TURNS, TURNS]

    async def test_the_agent_view_suggests_questions(self, slack: SlackServer, tmp_path: Path) -> None:
        async with herald(slack, tmp_path):
            slack.open_home("ann", "messages")
            prompts = await slack.until(lambda: slack.prompts)
        titles = [title for title, _ in prompts[0].prompts]
        assert titles[0] == "Which companies cannot use Llama 2 freely?"
        assert prompts[0].thread_ts is None

    async def test_the_agent_view_has_a_stop_button_while_it_works(self, slack: SlackServer, tmp_path: Path) -> None:
        gate = asyncio.Event()
        answerer = ScriptedAnswerer({"Who?": [Status("reading"), gate.wait, WHOLE_DRAFT, ANSWERED]})
        async with herald(slack, tmp_path, answerer):
            asked = slack.dm("ann", "Who?")
            session = await slack.until(lambda: slack.session(asked))
            assert session is not None
            assert (session.status, session.title) == ("processing", "Who?")
            assert slack.status(asked) == "Reading…"
            gate.set()
            await slack.reply(asked)
            await slack.until(lambda: session.status == "active")
        assert slack.status(asked) == ""


class TestCommands:
    async def test_a_question_is_answered_to_its_asker_only(
        self, slack: SlackServer, answerer: ScriptedAnswerer, tmp_path: Path
    ) -> None:
        async with herald(slack, tmp_path, answerer):
            asking = await slack.acked(slack.slash("ann", "general", "/ask", "Who?"))
            answer = await slack.until(lambda: next((it for it in slack.ephemerals if FIRST in it.shown), None))
        assert asking.acked_after is not None and asking.acked_after < 1
        assert answer is not None and answer.ephemeral_to == slack.user("ann").id
        assert answer.shown.startswith(FIRST) and "Share in channel" in answer.shown
        assert [each.shown for each in slack.ephemerals[:-1]] == ["Searching the sources…"]
        assert slack.messages == []

    @pytest.mark.parametrize(
        ("command", "text", "expected"),
        [
            ("/license", "1.b.v", CLAUSE),
            ("/license", "", "Additional Commercial Terms"),
            ("/explain", "", "What was announced"),
            ("/sources", "", "llama-2-license"),
            ("/herald", "", "What you can ask"),
            ("/herald", "help", "What you can ask"),
            ("/herald", "about", "not affiliated with Meta"),
            ("/herald", "license 1.b.v", CLAUSE),
            ("/ask", "", "/ask needs more"),
            ("/herald", "nonsense", "There is no command /nonsense"),
        ],
    )
    async def test_every_command_works(
        self, slack: SlackServer, tmp_path: Path, command: str, text: str, expected: str
    ) -> None:
        async with herald(slack, tmp_path):
            # Also where the bot is no member: the response_url leads there.
            asking = await slack.acked(slack.slash("ann", "random", command, text))
            answer = await whispered(slack)
        assert expected in answer.shown
        assert asking.ack == {}

    async def test_questions_of_one_person_go_on(
        self, slack: SlackServer, answerer: ScriptedAnswerer, tmp_path: Path
    ) -> None:
        async with herald(slack, tmp_path, answerer):
            for count, (user, question) in enumerate([("ann", "Who?"), ("ann", "And why?"), ("bob", "And why?")], 1):
                slack.slash(user, "general", "/ask", question)
                await slack.until(lambda count=count: sum(FIRST in it.shown for it in slack.ephemerals) == count)  # type: ignore[misc]
        assert [question.history for question in answerer.asked] == [(), TURNS, ()]

    async def test_a_long_document_is_complete(self, slack: SlackServer, tmp_path: Path) -> None:
        async with herald(slack, tmp_path):
            slack.slash("ann", "general", "/sources", "transcript")
            await whispered(slack)
            slack.slash("ann", "general", "/license", "")
            await slack.until(lambda: any("Governing Law" in each.shown for each in slack.ephemerals))
        assert "¶ 10" in " ".join(each.shown for each in slack.ephemerals)

    async def test_in_a_direct_message_they_work_too(self, slack: SlackServer, tmp_path: Path) -> None:
        async with herald(slack, tmp_path, allowed_channels=slack.channel("general").id):
            slack.slash("ann", slack.platform.world.dm(slack.user("ann")), "/license", "1.b.v")
            assert CLAUSE in (await whispered(slack)).shown

    async def test_one_that_is_gone_is_acknowledged_and_says_so(self, slack: SlackServer, tmp_path: Path) -> None:
        async with herald(slack, tmp_path):
            asking = slack.slash("ann", "general", "/older", "x")
            await slack.acked(asking)
            assert (await whispered(slack)).shown == OUTDATED


class TestShortcut:
    async def test_it_answers_a_message_where_it_is(
        self, slack: SlackServer, answerer: ScriptedAnswerer, tmp_path: Path
    ) -> None:
        async with herald(slack, tmp_path, answerer):
            root = slack.say("bob", "general", "Lunch?")
            message = slack.say("bob", "general", "Who?", root)
            asking = slack.shortcut("ann", message, "ask_message")
            await slack.acked(asking)
            answer = await slack.until(lambda: next((it for it in slack.ephemerals if FIRST in it.shown), None))
        assert answer is not None and answer.thread_ts == root.ts
        assert answer.ephemeral_to == slack.user("ann").id

    async def test_where_the_bot_is_not_the_response_url_leads(
        self, slack: SlackServer, answerer: ScriptedAnswerer, tmp_path: Path
    ) -> None:
        async with herald(slack, tmp_path, answerer):
            message = slack.say("bob", "random", "Who?")
            slack.shortcut("ann", message, "ask_message")
            answer = await slack.until(lambda: next((it for it in slack.ephemerals if FIRST in it.shown), None))
        assert answer is not None and answer.channel.name == "random"

    async def test_a_message_without_text_says_so(self, slack: SlackServer, tmp_path: Path) -> None:
        async with herald(slack, tmp_path):
            message = slack.say("bob", "general", "")
            slack.shortcut("ann", message, "ask_message")
            assert (await whispered(slack)).shown == NO_TEXT


class TestChannels:
    async def test_a_denied_channel_is_told_so_to_who_asks_only(
        self, slack: SlackServer, answerer: ScriptedAnswerer, tmp_path: Path
    ) -> None:
        async with herald(slack, tmp_path, answerer, denied_channels=slack.channel("general").id) as bot:
            slack.mention("ann", "general", "Who?")
            told = await whispered(slack)
            slack.slash("ann", "general", "/ask", "Who?")
            again = await whispered(slack, 2)
            message = slack.say("bob", "general", "Who?")
            slack.shortcut("ann", message, "ask_message")
            await whispered(slack, 3)
            answered = await slack.reply(slack.dm("ann", "Who?"))
            await bot.desk.idle()
        assert told.shown == again.shown == NOT_HERE
        assert answered.shown.startswith(FIRST)
        assert len(slack.ephemerals) == 3
        assert [message.channel.name for message in slack.messages if message.by_app] == ["dm-ann"]

    async def test_where_everything_is_answered_no_mention_is_needed(
        self, slack: SlackServer, answerer: ScriptedAnswerer, tmp_path: Path
    ) -> None:
        async with herald(slack, tmp_path, answerer, answer_all_channels=slack.channel("general").id):
            answer = await slack.reply(slack.say("ann", "general", "Who?"))
        assert answer.shown.startswith(FIRST)

    async def test_a_question_in_a_private_channel(self, slack: SlackServer, tmp_path: Path) -> None:
        slack.add_channel("secret", private=True)
        async with herald(slack, tmp_path):
            answer = await slack.reply(slack.mention("ann", "secret", "hm?"))
        assert answer.shown.startswith(UNKNOWN.sentences[0].text)

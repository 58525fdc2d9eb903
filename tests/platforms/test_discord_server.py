"""The local Discord server holds a plain discord.py client to the platform's rules."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from io import BytesIO
from typing import Any

import aiohttp
import discord
import pytest
from discord import app_commands
from discord.http import Route

from tests.platforms.discord_server import ROOMY, DiscordServer, Limit, Message, Permission, text_of

V2 = 1 << 15


@pytest.fixture
async def server() -> AsyncIterator[DiscordServer]:
    async with DiscordServer(limits=ROOMY) as opened:
        yield opened


class Probe(discord.Client):
    """A client with a few commands, which answers mentions and remembers what it saw."""

    def __init__(self, *, content: bool = False, sync: bool = True) -> None:
        intents = discord.Intents(guilds=True, guild_messages=True, dm_messages=True, message_content=content)
        super().__init__(intents=intents, guild_ready_timeout=0.01)
        self.tree = app_commands.CommandTree(self)
        self.tree.add_command(ask)
        self.tree.add_command(explain)
        self.sync = sync
        self.seen: list[discord.Message] = []
        self.gone: list[str] = []
        self.resumes = 0

    async def setup_hook(self) -> None:
        if self.sync:
            await self.tree.sync()

    async def before_identify_hook(self, shard_id: int | None, *, initial: bool = False) -> None:
        """Without discord.py's wait of 5 s before a second IDENTIFY."""

    async def on_message(self, message: discord.Message) -> None:
        self.seen.append(message)

    async def on_raw_message_delete(self, event: discord.RawMessageDeleteEvent) -> None:
        self.gone.append(f"message {event.message_id}")

    async def on_raw_thread_delete(self, event: discord.RawThreadDeleteEvent) -> None:
        self.gone.append(f"thread {event.thread_id}")

    async def on_resumed(self) -> None:
        self.resumes += 1

    async def on_error(self, event_method: str, /, *args: Any, **kwargs: Any) -> None:
        raise

    def words(self) -> list[str]:
        return [message.content for message in self.seen]

    def channel(self, server: DiscordServer) -> discord.TextChannel:
        found = self.get_channel(server.general.id)
        assert isinstance(found, discord.TextChannel)
        return found

    async def post(self, server: DiscordServer, payload: dict[str, Any], message: Message | None = None) -> Any:
        """Send or edit as raw JSON, which discord.py would not let through."""
        path = f"/channels/{server.general.id}/messages" + (f"/{message.id}" if message else "")
        return await self.http.request(Route("PATCH" if message else "POST", path), json=payload)


@app_commands.command(description="Answers a question")
@app_commands.allowed_installs(guilds=True, users=True)
async def ask(interaction: discord.Interaction[Probe], question: str, private: bool = False) -> None:
    await interaction.response.defer(ephemeral=private, thinking=True)
    await interaction.edit_original_response(content=f"About {question}")


@ask.autocomplete("question")
async def suggest(interaction: discord.Interaction[Probe], current: str) -> list[app_commands.Choice[str]]:
    many = 26 if current == "many" else 2
    return [app_commands.Choice(name=f"{current} {number}", value=str(number)) for number in range(many)]


@app_commands.context_menu(name="Explain")
async def explain(interaction: discord.Interaction[Probe], message: discord.Message) -> None:
    await interaction.response.send_message(f"It says {message.content!r}", ephemeral=True)


@asynccontextmanager
async def running(server: DiscordServer, client: Probe | None = None) -> AsyncIterator[Probe]:
    """The client, connected; a failure of it is raised here."""
    client = client or Probe()
    with server.redirect():
        task = asyncio.create_task(client.start(server.token))
        try:
            await server.until(lambda: (server.online and client.is_ready()) or task.done())
            yield client
        finally:
            await client.close()
            await task


async def refused(code: int, call: Awaitable[object]) -> discord.HTTPException:
    with pytest.raises(discord.HTTPException) as caught:
        await call
    assert caught.value.code == code
    return caught.value


def text(content: str) -> dict[str, Any]:
    return {"type": 10, "content": content}


def button(number: int, **more: Any) -> dict[str, Any]:
    return {"type": 2, "style": 2, "label": f"b{number}", "custom_id": f"id{number}"} | more


def row(*children: dict[str, Any]) -> dict[str, Any]:
    return {"type": 1, "components": list(children)}


async def test_a_slash_command_is_deferred_and_edited(server: DiscordServer) -> None:
    async with running(server):
        asked = server.slash(server.alice, server.general, "ask", question="clouds")
        await server.until(lambda: asked.response and asked.response.edits)
    answer = asked.replies[0]
    assert asked.callback_type == 5 and asked.acknowledged_after is not None and asked.acknowledged_after < 1
    assert [version.text for version in answer.versions] == ["", "About clouds"]
    assert answer.versions[0].flags & 1 << 7 and not answer.loading and text_of(answer) == "About clouds"
    assert len(server.command_puts) == 1 and server.violations == []


async def test_a_late_first_response_is_refused(server: DiscordServer) -> None:
    errors: list[BaseException] = []
    client = Probe()

    @client.tree.error
    async def remember(interaction: discord.Interaction, error: app_commands.AppCommandError) -> None:
        errors.append(error.__cause__ or error)

    async with running(server, client):
        server.lag = 3.1
        asked = server.slash(server.alice, server.general, "ask", question="clouds")
        await server.until(lambda: errors)
    assert isinstance(errors[0], discord.NotFound) and errors[0].code == 10062
    assert asked.callback_type is None and server.unanswered == [asked]
    assert server.violations == [f"the first response to 'ask' came after {asked.acknowledged_after:.2f} s"]


async def test_a_second_first_response_is_refused(server: DiscordServer) -> None:
    async with running(server) as client:
        asked = server.slash(server.alice, server.general, "ask", question="clouds")
        await server.until(lambda: asked.response and asked.response.edits)
        route = Route("POST", f"/interactions/{asked.id}/{asked.token}/callback")
        await refused(40060, client.http.request(route, json={"type": 5}))
    assert "40060" in server.violations[0]


async def test_a_webhook_works_after_the_first_response_and_for_15_minutes(server: DiscordServer) -> None:
    client = Probe()

    async def edit(token: str, path: str = "/messages/@original") -> Any:
        route = Route("PATCH", f"/webhooks/{client.application_id}/{token}{path}")
        return await client.http.request(route, json={"content": "again"})

    async with running(server, client):
        with_hold = server.hold("POST /interactions")
        asked = server.slash(server.alice, server.general, "ask", question="clouds")
        await server.until(lambda: with_hold.waiting)
        await refused(10015, edit(asked.token))
        with_hold.release()
        await server.until(lambda: asked.response and asked.response.edits)
        assert asked.response is not None
        await edit(asked.token, f"/messages/{asked.response.id}")
        server.clock.advance(900)
        await refused(50027, edit(asked.token))
    assert server.violations == ["PATCH by the webhook of 'ask' before its first response"]


async def test_follow_ups_come_after_the_edit(server: DiscordServer) -> None:
    async with running(server) as client:
        asked = server.slash(server.alice, server.general, "ask", question="clouds", private=True)
        await server.until(lambda: asked.response and asked.response.edits)
        route = Route("POST", f"/webhooks/{client.application_id}/{asked.token}")
        await client.http.request(route, json={"content": "more", "flags": 64})
        await server.delivered()
        assert [reply.text for reply in asked.replies] == ["About clouds", "more"]
        assert all(reply.visible_to is server.alice for reply in asked.replies)
        assert client.seen == []
        with pytest.raises(AssertionError, match="another user"):
            server.click(server.bob, asked.replies[0], "b1")
    assert server.violations == []


async def test_content_has_at_most_2000_characters(server: DiscordServer) -> None:
    async with running(server) as client:
        await client.channel(server).send("x" * 2000)
        error = await refused(50035, client.channel(server).send("x" * 2001))
        await refused(50006, client.channel(server).send("  \n "))
    assert "In content: Must be 2000 or fewer in length." in str(error)
    assert len(server.violations) == 2 and "content: Must be 2000" in server.violations[0]


BAD_MESSAGES: dict[str, tuple[dict[str, Any], str]] = {
    "content in V2": ({"flags": V2, "content": "x", "components": [text("x")]}, "cannot be used when using"),
    "embeds in V2": ({"flags": V2, "embeds": [{"title": "x"}], "components": [text("x")]}, "cannot be used"),
    "V2 without the flag": ({"components": [text("x")]}, "must be one of [1]"),
    "41 components": ({"flags": V2, "components": [text("x")] * 41}, "exceeds 40"),
    "4,001 characters": ({"flags": V2, "components": [text("x" * 2001), text("x" * 2000)]}, "(4001) exceeds 4000"),
    "no text": ({"flags": V2, "components": [text(" ")]}, "components.0.content"),
    "6 buttons": ({"content": "x", "components": [row(*map(button, range(6)))]}, "between 1 and 5"),
    "6 rows": ({"content": "x", "components": [row(button(n)) for n in range(6)]}, "between 0 and 5"),
    "custom_id": ({"content": "x", "components": [row(button(1, custom_id="x" * 101))]}, "Must be 100 or fewer"),
    "custom_id twice": ({"content": "x", "components": [row(button(1), button(1))]}, "duplicated"),
    "label": ({"content": "x", "components": [row(button(1, label="x" * 81))]}, "Must be 80 or fewer"),
    "no label": ({"content": "x", "components": [row(button(1, label=None))]}, "a label or an emoji"),
    "link": ({"content": "x", "components": [row(button(1, style=5, url="ftp://x"))]}, "Scheme must be one of"),
    "section": ({"flags": V2, "components": [{"type": 9, "components": [text("x")]}]}, "accessory: This field is req"),
    "thumbnail": ({"flags": V2, "components": [{"type": 11, "media": {"url": "https://x"}}]}, "must be one of"),
    "container": ({"flags": V2, "components": [{"type": 17, "components": []}]}, "between 1 and 40"),
    "nested": ({"flags": V2, "components": [{"type": 17, "components": [{"type": 17}]}]}, "must be one of"),
    "options": ({"content": "x", "components": [row({"type": 3, "custom_id": "s", "options": []})]}, "options"),
    "description": ({"embeds": [{"description": "x" * 4097}]}, "Must be 4096 or fewer"),
    "field": ({"embeds": [{"fields": [{"name": "x", "value": "x" * 1025}]}]}, "Must be 1024 or fewer"),
    "embeds": ({"embeds": [{"description": "x" * 3001}] * 2}, "maximum size of 6000"),
    "mentions": ({"content": "x", "allowed_mentions": {"parse": ["users"], "users": ["1"]}}, "mutually exclusive"),
}


@pytest.mark.parametrize("name", BAD_MESSAGES)
async def test_a_bad_message_is_refused(server: DiscordServer, name: str) -> None:
    payload, why = BAD_MESSAGES[name]
    client = Probe(sync=False)
    with server.redirect():
        await client.login(server.token)
        try:
            await refused(50035, client.post(server, payload))
        finally:
            await client.close()
    assert why in server.violations[0]
    assert server.messages(server.general) == []


async def test_a_message_turns_into_components_and_not_back(server: DiscordServer) -> None:
    class Answer(discord.ui.LayoutView):
        box: discord.ui.Container[Any] = discord.ui.Container(discord.ui.TextDisplay("final"))

    async with running(server) as client:
        sent = await client.channel(server).send("draft")
        message = server.messages(server.general)[0]
        await refused(50035, client.post(server, {"flags": V2, "components": [text("final")]}, message))
        await sent.edit(content=None, view=Answer())
        assert message.v2 and message.text == "final" and message.content == ""
        await refused(50035, client.post(server, {"content": "draft"}, message))
        await refused(50035, client.post(server, {"flags": 0, "content": "draft", "components": []}, message))
        await client.post(server, {"components": [text("more")]}, message)
    assert [version.text for version in message.versions] == ["draft", "final", "more"]


async def test_pings_are_what_allowed_mentions_let_through(server: DiscordServer) -> None:
    hostile = f"@everyone <@{server.bob.id}> <@&{server.guild.moderator_role_id}>"
    async with running(server) as client:
        channel = client.channel(server)
        question = server.say(server.alice, server.general, "hello", mention=True)
        await server.until(lambda: client.seen)
        await channel.send(hostile)
        await channel.send(hostile, allowed_mentions=discord.AllowedMentions.none())
        await channel.send(hostile, allowed_mentions=discord.AllowedMentions(users=True, everyone=False, roles=False))
        await client.seen[0].reply("answer")
        await client.seen[0].reply("answer", mention_author=False)
        await client.post(server, {"flags": V2, "components": [text("@here")]})
    bob, alice = str(server.bob.id), str(server.alice.id)
    everybody = frozenset({"everyone", bob, str(server.guild.moderator_role_id)})
    found = [message.pings for message in server.replies(server.general)]
    assert found == [everybody, frozenset(), {bob}, {alice}, frozenset(), {"here"}]
    assert server.replies(server.general)[3].reply_to is question


async def test_files_come_as_multipart(server: DiscordServer) -> None:
    async with running(server) as client:
        await client.channel(server).send("see", file=discord.File(BytesIO(b"words"), "answer.txt"))
    attachment = server.messages(server.general)[0].attachments[0]
    assert (attachment.name, attachment.data) == ("answer.txt", b"words") and server.violations == []


async def test_a_nonce_keeps_a_repeated_request_from_being_said_twice(server: DiscordServer) -> None:
    async with running(server) as client:
        for _ in range(2):
            await client.post(server, {"content": "once", "nonce": "7", "enforce_nonce": True})
    assert len(server.messages(server.general)) == 1


async def test_history_pages_and_permissions(server: DiscordServer) -> None:
    said = [server.say(server.alice, server.general, f"m{number}", mention=True) for number in range(6)]
    async with running(server) as client:
        channel = client.channel(server)
        newest = [message.content[-2:] async for message in channel.history(limit=3)]
        before = [m.content[-2:] async for m in channel.history(limit=2, before=discord.Object(said[3].id))]
        after = [m.content[-2:] async for m in channel.history(limit=2, after=discord.Object(said[3].id))]
        around = [m.content[-2:] async for m in channel.history(limit=3, around=discord.Object(said[3].id))]
        assert (newest, before, after) == (["m5", "m4", "m3"], ["m2", "m1"], ["m4", "m5"])
        assert sorted(around) == ["m2", "m3", "m4"]
        server.deny(server.general, Permission.READ_MESSAGE_HISTORY)
        assert [message async for message in channel.history()] == []
        await refused(50013, channel.fetch_message(said[0].id))
        await refused(160002, channel.send("x", reference=channel.get_partial_message(said[0].id)))
    assert server.violations == []


async def test_permissions_are_kept_and_told(server: DiscordServer) -> None:
    async with running(server) as client:
        channel = client.channel(server)
        question = server.say(server.alice, server.general, "hello", mention=True)
        await server.until(lambda: client.seen)
        server.deny(server.general, Permission.CREATE_PUBLIC_THREADS)
        await server.delivered()
        assert not channel.permissions_for(channel.guild.me).create_public_threads
        await refused(50013, client.seen[0].create_thread(name="t"))
        server.deny(server.guild, Permission.SEND_MESSAGES)
        await server.delivered()
        assert not channel.permissions_for(channel.guild.me).send_messages
        await refused(50013, channel.send("x"))
        server.deny(server.general, Permission.VIEW_CHANNEL)
        await refused(50001, channel.send("x"))
        server.say(server.alice, server.general, "unseen", mention=True)
        await server.delivered()
        assert len(client.seen) == 1
        server.allow(server.guild, Permission.SEND_MESSAGES)
        server.allow(server.general, Permission.VIEW_CHANNEL, Permission.CREATE_PUBLIC_THREADS)
        await client.seen[0].reply("now")
        await refused(50013, channel.get_partial_message(question.id).delete())
        await refused(50005, channel.get_partial_message(question.id).edit(content="mine"))
    assert server.violations == [] and [r.code for r in server.refusals] == [50013, 50013, 50001, 50013, 50005]


async def test_threads(server: DiscordServer) -> None:
    async with running(server) as client:
        question = server.say(server.alice, server.general, "hello", mention=True)
        await server.until(lambda: client.seen)
        await refused(50035, client.seen[0].create_thread(name="x" * 101))
        thread = await client.seen[0].create_thread(name="hello")
        assert question.thread is not None and thread.id == question.id == question.thread.id
        await refused(160004, client.seen[0].create_thread(name="again"))
        await thread.send("answer")
        assert [message.text for message in server.replies(question.thread)] == ["answer"]
        starter = [message async for message in thread.history()][-1]
        assert starter.type is discord.MessageType.thread_starter_message
        server.archive(question.thread)
        await refused(
            50083,
            client.http.request(
                Route("PATCH", f"/channels/{thread.id}/messages/{server.replies(question.thread)[0].id}"),
                json={"content": "x"},
            ),
        )
        await thread.send("sending opens it")
        assert not question.thread.archived
        server.lock(question.thread)
        await refused(160005, thread.send("x"))
        server.lock(question.thread, locked=False)
        server.deny(question.thread, Permission.SEND_MESSAGES_IN_THREADS)
        await refused(50013, thread.send("x"))
        server.delete_thread(question.thread)
        await refused(10003, thread.send("x"))
        await server.until(lambda: client.gone == [f"thread {thread.id}"])
        loose = await client.channel(server).create_thread(name="loose", type=discord.ChannelType.public_thread)
        await refused(
            50024, client.http.request(Route("POST", f"/channels/{loose.id}/threads"), json={"name": "in a thread"})
        )
    assert len(server.violations) == 1


async def test_what_users_delete_is_unknown(server: DiscordServer) -> None:
    async with running(server) as client:
        question = server.say(server.alice, server.general, "hello", mention=True)
        await server.until(lambda: client.seen)
        server.delete_message(question)
        await server.until(lambda: client.gone == [f"message {question.id}"])
        error = await refused(50035, client.seen[0].reply("x"))
        assert "Unknown message" in str(error)
        await refused(10008, client.seen[0].create_thread(name="x"))
        server.delete_channel(server.general)
        await refused(10003, client.seen[0].channel.send("x"))
        await refused(10003, client.fetch_channel(1))
    assert server.violations == []


@pytest.mark.parametrize("granted", [True, False])
async def test_words_need_the_content_intent_or_an_exception(granted: bool) -> None:
    async with DiscordServer(content_intent=granted) as server, running(server, Probe(content=granted)) as client:
        server.say(server.alice, server.general, "plain")
        server.say(server.alice, server.general, "mention", mention=True)
        server.dm(server.alice, "dm")
        own = await client.channel(server).send("own")
        server.say(server.alice, server.general, "reply", reply_to=server.messages(server.general)[-1])
        server.say(server.alice, server.general, "quiet", reply_to=server.messages(server.general)[0], ping=False)
        await server.delivered()
        await server.until(lambda: len(client.seen) == 6)
        read = [message async for message in client.channel(server).history(limit=10, oldest_first=True)]
    mention = f"<@{server.bot.id}> mention"
    plain, quiet = ("plain", "quiet") if granted else ("", "")
    assert client.words() == [plain, mention, "dm", "own", "reply", quiet]
    assert [message.content for message in read] == [plain, mention, "own", "reply", quiet]
    assert own.flags.value == 0 and server.violations == []


async def test_a_message_command_reads_its_target(server: DiscordServer) -> None:
    async with running(server):
        target = server.say(server.bob, server.general, "no intent, no mention")
        asked = server.message_command(server.alice, server.general, "Explain", target)
        await server.until(lambda: asked.response)
    assert asked.response is not None and asked.response.text == "It says 'no intent, no mention'"
    assert asked.response.visible_to is server.alice


async def test_autocomplete_offers_at_most_25(server: DiscordServer) -> None:
    async with running(server):
        typed = server.autocomplete(server.alice, server.general, "ask", "question", "wea")
        choices = await server.until(lambda: typed.choices)
        assert choices == [{"name": "wea 0", "value": "0"}, {"name": "wea 1", "value": "1"}]
        server.autocomplete(server.alice, server.general, "ask", "question", "many")
        await server.until(lambda: server.violations)
    assert "choices: Must be between 0 and 25" in server.violations[0]


async def test_the_app_does_not_send_what_it_would_not(server: DiscordServer) -> None:
    async with running(server):
        for wrong, why in (
            ({}, "required"),
            ({"question": 1}, "takes"),
            ({"question": "x", "z": 1}, "unknown options"),
        ):
            with pytest.raises(AssertionError, match=why):
                server.slash(server.alice, server.general, "ask", wrong)
        with pytest.raises(AssertionError, match="no command 'answer'"):
            server.slash(server.alice, server.general, "answer")
        elsewhere = server.add_channel("far", server.add_guild("Far", server.alice, with_bot=False))
        server.install(server.alice)
        said = server.say(server.bob, elsewhere, "x")
        with pytest.raises(AssertionError, match="not offered to this installation"):
            server.message_command(server.alice, elsewhere, "Explain", said)


BAD_COMMANDS: dict[str, tuple[dict[str, Any], str]] = {
    "name": ({"name": "Ask", "description": "x"}, "name is invalid"),
    "description": ({"name": "ask", "description": ""}, "description"),
    "long description": ({"name": "ask", "description": "x" * 101}, "Must be 100 or fewer"),
    "options": ({"options": [{"type": 3, "name": f"o{n}", "description": "x"} for n in range(26)]}, "between 0 and 25"),
    "order": (
        {"options": [{"type": 3, "name": n, "description": "x", "required": n == "b"} for n in "ab"]},
        "Required options must be placed before",
    ),
    "contexts": ({"contexts": [3]}, "contexts"),
    "installs": ({"integration_types": []}, "integration_types"),
    "menu": ({"type": 3, "name": "Explain this", "description": "x"}, "cannot have description"),
}


@pytest.mark.parametrize("name", BAD_COMMANDS)
async def test_a_bad_command_is_refused(server: DiscordServer, name: str) -> None:
    payload, why = BAD_COMMANDS[name]
    client = Probe(sync=False)
    with server.redirect():
        await client.login(server.token)
        try:
            route = Route("PUT", f"/applications/{client.application_id}/commands")
            good = {"name": "ask", "description": "Asks"}
            await refused(50035, client.http.request(route, json=[good | payload]))
            await refused(50035, client.http.request(route, json=[good, good]))
        finally:
            await client.close()
    assert why in server.violations[0] and "must be unique" in server.violations[1] and server.commands == []


class Reason(discord.ui.Modal, title="Why?"):
    reason: discord.ui.Label[Any] = discord.ui.Label(text="Reason", component=discord.ui.TextInput(max_length=10))

    async def on_submit(self, interaction: discord.Interaction) -> None:
        assert isinstance(self.reason.component, discord.ui.TextInput)
        await interaction.response.send_message(f"because {self.reason.component.value}", ephemeral=True)


class Votes(discord.ui.View):
    @discord.ui.button(label="Up", emoji="👍", custom_id="up")
    async def up(self, interaction: discord.Interaction, button: discord.ui.Button["Votes"]) -> None:
        button.disabled = True
        await interaction.response.edit_message(view=self)

    @discord.ui.button(label="Down", custom_id="down")
    async def down(self, interaction: discord.Interaction, _: discord.ui.Button["Votes"]) -> None:
        await interaction.response.send_modal(Reason())


async def test_buttons_and_modals(server: DiscordServer) -> None:
    async with running(server) as client:
        await client.channel(server).send("vote", view=Votes())
        message = server.messages(server.general)[0]
        down = server.click(server.bob, message, "Down")
        await server.until(lambda: down.modal)
        with pytest.raises(AssertionError, match="takes 0 to 10"):
            server.submit_modal(server.bob, down, {"Reason": "far too long a text"})
        sent = server.submit_modal(server.bob, down, {"Reason": "wrong"})
        await server.until(lambda: sent.response)
        assert [reply.text for reply in sent.replies] == ["because wrong"]
        server.click(server.alice, message, "👍")
        await server.until(lambda: message.buttons[0].disabled)
        with pytest.raises(AssertionError, match="disabled"):
            server.click(server.alice, message, "Up")
    assert server.violations == []


async def test_buttons_outlive_the_process(server: DiscordServer) -> None:
    async with running(server) as client:
        await client.channel(server).send("vote", view=Votes(timeout=None))
    message = server.messages(server.general)[0]
    again = Probe(sync=False)
    async with running(server, again):
        again.add_view(Votes(timeout=None))
        down = server.click(server.bob, message, "Down")
        await server.until(lambda: down.modal)
    assert server.violations == []


async def test_channels_and_servers_that_come_later(server: DiscordServer) -> None:
    async with running(server) as client:
        channel = server.add_channel("later")
        guild = server.add_guild("Later", server.alice)
        await server.delivered()
        assert client.get_channel(channel.id) is not None and client.get_guild(guild.id) is not None
        thread = server.start_thread(server.alice, channel, "talk")
        asked = server.slash(server.alice, thread, "ask", question="x")
        await server.until(lambda: asked.response and asked.response.edits)
        assert [message.text for message in server.replies(thread)] == ["About x"]
        server.expel(guild)
        await server.delivered()
        assert client.get_guild(guild.id) is None


async def test_a_modal_has_limits(server: DiscordServer) -> None:
    async with running(server) as client:
        held = server.hold("POST /interactions")
        asked = server.slash(server.alice, server.general, "ask", question="x")
        await server.until(lambda: held.waiting)
        held.times = 0
        route = Route("POST", f"/interactions/{asked.id}/{asked.token}/callback")
        modal = {"custom_id": "m", "title": "x" * 46, "components": []}
        await refused(50035, client.http.request(route, json={"type": 9, "data": modal}))
        await refused(50035, client.http.request(route, json={"type": 7, "data": {}}))
        held.release()
        await server.until(lambda: asked.response)
    assert "data.title: Must be 45" in server.violations[0] and "data.components" in server.violations[0]
    assert "type 7 does not fit" in server.violations[1]


async def test_direct_messages(server: DiscordServer) -> None:
    async with running(server) as client:
        server.dm(server.alice, "hello")
        await server.until(lambda: client.seen)
        await client.seen[0].channel.send("hi")
        asked = server.slash(server.alice, server.dm_channel(server.alice), "ask", question="x")
        await server.until(lambda: asked.response and asked.response.edits)
        server.bob.takes_dms = False
        await refused(50007, (await client.fetch_user(server.bob.id)).send("hi"))
    private = server.dm_channel(server.alice)
    assert [message.text for message in server.replies(private)] == ["hi", "About x"]
    assert client.seen[0].guild is None and server.violations == []


async def test_a_user_app_answers_where_the_bot_is_not(server: DiscordServer) -> None:
    far = server.add_guild("Far", server.alice, with_bot=False)
    elsewhere, private = server.add_channel("far", far), server.private_channel(server.alice, server.bob)
    server.install(server.alice)
    async with running(server) as client:
        for place in (elsewhere, private):
            asked = server.slash(server.alice, place, "ask", question="x")
            await server.until(lambda asked=asked: asked.response and asked.response.edits)  # type: ignore[misc]
            assert server.replies(place) == [asked.response] and asked.user_app
        await refused(50001, client.fetch_channel(elsewhere.id))
        with pytest.raises(AssertionError, match="not offered"):
            server.slash(server.bob, elsewhere, "ask", question="x")
    assert client.seen == [] and server.violations == []


async def test_a_dropped_connection_is_resumed_with_a_replay(server: DiscordServer) -> None:
    async with running(server) as client:
        cuts: list[Callable[[], None]] = [server.drop, lambda: server.drop(4000), server.reconnect]
        for number, cut in enumerate(cuts, 1):
            cut()
            server.say(server.alice, server.general, f"m{number}", mention=True)
            await server.until(lambda number=number: client.resumes == number)  # type: ignore[misc]
        await server.delivered()
        assert [words[-2:] for words in client.words()] == ["m1", "m2", "m3"]
        assert [connection.resumed for connection in server.connections] == [False, True, True, True]
        assert server.connections[1].request.path == "/resume"
        server.repeat("MESSAGE_CREATE")
        await server.until(lambda: len(client.seen) == 4)
        assert client.seen[3].id == client.seen[2].id
    assert server.violations == []


async def test_an_invalid_session_begins_anew(server: DiscordServer) -> None:
    async with running(server) as client:
        server.invalidate_session()
        await server.until(lambda: len(server.connections) == 2 and server.online and client.is_ready())
        server.say(server.alice, server.general, "m1", mention=True)
        await server.until(lambda: client.seen)
    assert not server.connections[1].resumed and server.violations == []


async def test_frames_are_one_zlib_stream_and_heartbeats_are_timed() -> None:
    async with DiscordServer(heartbeat_interval=0.05) as server, running(server) as client:
        for number in range(20):
            server.say(server.alice, server.general, f"{number} " + "long " * 300, mention=True)
        await server.until(lambda: len(client.seen) == 20 and len(server.heartbeat_gaps) >= 3)
        assert server.connections[0].compression == "zlib-stream"
        assert all(0.02 < gap < 1 for gap in server.heartbeat_gaps[1:])


async def test_a_privileged_intent_that_is_switched_off(server: DiscordServer) -> None:
    with pytest.raises(discord.PrivilegedIntentsRequired):
        async with running(server, Probe(content=True)):
            pass
    assert "4014" in server.violations[0]


async def test_a_wrong_token(server: DiscordServer) -> None:
    client = Probe()
    with server.redirect(), pytest.raises(discord.LoginFailure):
        await client.login("wrong")
    await client.close()
    assert server.refusals[0].status == 401


async def test_the_application_tells_of_its_intents() -> None:
    for granted in (True, False):
        async with DiscordServer(content_intent=granted) as server, running(server) as client:
            about = await client.application_info()
            assert about.flags.gateway_message_content_limited is granted
            assert about.id == client.application_id
            guild = await client.fetch_guild(server.guild.id)
            assert guild.name == "Home"
            asked = await client.http.request(Route("GET", "/gateway/bot"))
            assert asked["url"] == server.gateway_url and asked["session_start_limit"]["max_concurrency"] == 1


async def test_a_full_bucket_is_told_in_headers_and_refused() -> None:
    async with DiscordServer(limits={"PATCH messages": Limit(3, 0.2)}) as server, running(server) as client:
        sent = await client.channel(server).send("0")
        for number in range(1, 8):
            await sent.edit(content=str(number))
        times = [version.at for version in server.messages(server.general)[0].edits]
        assert times[-1] - times[0] > 0.2 and server.messages(server.general)[0].content == "7"
        assert server.refusals == []
        # The client reads the headers; one that does not is refused.
        async with aiohttp.ClientSession(headers={"Authorization": f"Bot {server.token}"}) as session:
            address = f"{server.api_url}/channels/{sent.channel.id}/messages/{sent.id}"
            answers = [await session.patch(address, json={"content": "x"}) for _ in range(4)]
            body = await answers[-1].json()
    assert answers[-1].status == 429 and 0 < body["retry_after"] <= 0.2 and body["global"] is False
    headers = answers[-1].headers
    assert (headers["X-RateLimit-Limit"], headers["X-RateLimit-Remaining"]) == ("3", "0")
    assert headers["Via"] and headers["Retry-After"] and float(headers["X-RateLimit-Reset-After"]) <= 0.2
    assert headers["X-RateLimit-Bucket"] == answers[0].headers["X-RateLimit-Bucket"]


async def test_the_limit_over_all_routes(server: DiscordServer) -> None:
    async with aiohttp.ClientSession(headers={"Authorization": f"Bot {server.token}"}) as session:
        answers = [await session.get(server.api_url + "/users/@me") for _ in range(51)]
        assert [answer.status for answer in answers] == [200] * 50 + [429]
        assert answers[-1].headers["X-RateLimit-Global"] and (await answers[-1].json())["global"] is True
        server.clock.advance(1)
        assert (await session.get(server.api_url + "/users/@me")).status == 200


async def test_a_429_makes_the_client_wait_and_a_ban_fails_at_once(server: DiscordServer) -> None:
    async with running(server) as client:
        server.throttle("POST .*/messages", 0.03)
        server.throttle("POST .*/messages", 0.03, everywhere=True)
        await client.channel(server).send("patience")
        assert [request.status for request in server.requests[-3:]] == [429, 429, 200]
        server.ban("POST .*/messages")
        with pytest.raises(discord.HTTPException) as caught:
            await client.channel(server).send("banned")
    assert caught.value.status == 429 and server.violations == []


async def test_a_request_can_be_held_back(server: DiscordServer) -> None:
    async with running(server) as client:
        held = server.hold("POST .*/messages")
        sending = asyncio.create_task(client.channel(server).send("slow"))
        await server.until(lambda: held.waiting == 1)
        assert server.messages(server.general) == []
        held.release()
        await sending
    assert [message.text for message in server.messages(server.general)] == ["slow"]


async def test_a_failure_of_the_server_is_a_violation(server: DiscordServer, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object) -> None:
        raise RuntimeError("a bug")

    client = Probe(sync=False)
    with server.redirect():
        await client.login(server.token)
        monkeypatch.setattr(server.world, "bot_permissions", fail)
        sending = asyncio.create_task(client.fetch_channel(server.general.id))
        await server.until(lambda: server.violations)
        sending.cancel()
        await client.close()
    assert "a bug" in server.violations[0] and server.refusals[-1].status == 500

"""What people do on the local Discord, and how it is seen that they were answered, once."""

import asyncio
import random
from collections.abc import Callable, Mapping, Sequence
from typing import TypeVar

from bot.serving.desk import INTERRUPTED
from tests.platforms.discord_server import DiscordServer, Message
from tests.platforms.discord_world import Channel
from tests.soak.people import CLAUSES, FOLLOW_UPS, QUESTIONS, WITHIN, New, Way
from tests.soak.tally import Asked

T = TypeVar("T")


class OnDiscord:
    """Mentions, follow-ups, commands, buttons, direct messages and stops."""

    def __init__(self, server: DiscordServer, people: int, there: asyncio.Event) -> None:
        """`there` is set while the bot is."""
        self._server = server
        self._there = there
        self._people = {str(number): server.add_user(f"Person {number}", server.guild) for number in range(people)}
        self._answers: list[Message] = []

    @property
    def people(self) -> list[str]:
        """Their names."""
        return list(self._people)

    @property
    def ways(self) -> Mapping[Way, int]:
        """What they do, and how often."""
        return {self.mention: 4, self.ask: 3, self.look_up: 2, self.click: 3, self.direct: 2, self.stop: 1}

    async def mention(self, user: str, chance: random.Random, asked: New) -> None:
        """Ask in a channel, and go on in the thread."""
        person, question = self._people[user], chance.choice(QUESTIONS)
        one, began = asked("discord", "mention", question), self._server.clock.now()
        said = self._server.say(person, self._server.general, question, mention=True)
        thread = await self._seen(one, lambda: said.thread)
        if thread is None:
            return
        one.status = thread.created - began
        await self._answered(one, thread, said)
        if one.ended is not None and not one.interrupted and chance.random() < 0.5:
            follow_up = chance.choice(FOLLOW_UPS)
            await self._there.wait()
            two = asked("discord", "follow-up", follow_up)
            await self._answered(two, thread, self._server.say(person, thread, follow_up, mention=True))

    async def direct(self, user: str, chance: random.Random, asked: New) -> None:
        """Ask in private."""
        person, question = self._people[user], chance.choice(QUESTIONS)
        one = asked("discord", "direct message", question)
        await self._answered(one, self._server.dm_channel(person), self._server.dm(person, question))

    async def ask(self, user: str, chance: random.Random, asked: New) -> None:
        """Ask with a command."""
        question = chance.choice(QUESTIONS)
        await self._command(user, asked("discord", "/ask", question), "ask", question=question)

    async def look_up(self, user: str, chance: random.Random, asked: New) -> None:
        """Use a command that needs no model."""
        name = chance.choice(("license", "explain", "sources", "help", "about"))
        clause = chance.choice(CLAUSES) if name == "license" else ""
        options = {"clause": clause} if clause else {}
        await self._command(user, asked("discord", f"/{name}", clause), name, **options)

    async def click(self, user: str, chance: random.Random, asked: New) -> None:
        """Open a source of an earlier answer, or vote on it."""
        messages = [message for message in self._answers if message.buttons and not message.deleted]
        if not messages:
            return
        message = chance.choice(messages[-20:])
        buttons = [button for button in message.buttons if button.custom_id and not button.disabled]
        if not buttons:
            return
        button = chance.choice(buttons)
        one = asked("discord", "click", button.label or button.emoji)
        click = self._server.click(self._people[user], message, button.custom_id)
        await self._seen(one, lambda: click.acknowledged_after is not None)
        one.status = click.acknowledged_after
        if click.modal is None:
            await self._seen(one, lambda: any(not it.loading and it.text for it in click.replies) or click.modal)
        self._end(one, click.created)

    async def stop(self, user: str, chance: random.Random, asked: New) -> None:
        """Ask, and stop the answer as soon as that is possible."""
        person, question = self._people[user], chance.choice(QUESTIONS)
        one = asked("discord", "stop", question)
        said = self._server.dm(person, question)
        channel = self._server.dm_channel(person)

        def stoppable() -> Message | None:
            mine = self._after(channel, said)
            return next((it for it in mine if it.v2 or any(b.label == "Stop" for b in it.buttons)), None)

        message = await self._seen(one, stoppable)
        if message is not None and not message.v2:
            self._server.click(person, message, "Stop")
        await self._answered(one, channel, said)

    async def _command(self, user: str, one: Asked, name: str, **options: str) -> None:
        call = self._server.slash(self._people[user], self._server.general, name, options)
        await self._seen(one, lambda: call.acknowledged_after is not None)
        one.status = call.acknowledged_after
        await self._seen(one, lambda: _finals(call.replies))
        one.count = lambda: _repeated([it.text for it in _finals(call.replies)])
        self._finish(one, call.created, call.replies)

    async def _answered(self, one: Asked, channel: Channel, said: Message) -> None:
        await self._seen(one, lambda: self._after(channel, said))
        shown = self._after(channel, said)
        if one.status is None and shown:
            one.status = min(it.created for it in shown) - said.created
        await self._seen(one, lambda: _finals(self._after(channel, said)))
        one.count = lambda: len(_finals(self._after(channel, said)))
        self._finish(one, said.created, self._after(channel, said))

    def _after(self, channel: Channel, said: Message) -> list[Message]:
        """What the bot said after a message; in its thread, or as a reply where many ask in one channel."""
        replies = [it for it in self._server.replies(channel) if not it.ephemeral and it.reply_to in (None, said)]
        return [it for it in replies if it.id > said.id]

    def _finish(self, one: Asked, began: float, shown: Sequence[Message]) -> None:
        finals = _finals(shown)
        if not finals:
            return
        one.interrupted = any(INTERRUPTED in it.text for it in finals)
        self._answers += finals
        self._end(one, began)

    def _end(self, one: Asked, began: float) -> None:
        one.ended = self._server.clock.now() - began

    async def _seen(self, one: Asked, condition: Callable[[], T]) -> T | None:
        """What a condition comes to; nothing if that takes too long."""
        try:
            return await self._server.until(condition, WITHIN)
        except AssertionError:
            return None


def _repeated(texts: Sequence[str]) -> int:
    """How often what is there is there; an answer of several messages is there once."""
    return max((texts.count(text) for text in texts), default=0)


def _finals(shown: Sequence[Message]) -> list[Message]:
    return [it for it in shown if (it.v2 and not it.loading) or INTERRUPTED in it.text]

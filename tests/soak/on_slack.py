"""What people do on the local Slack, and how it is seen that they were answered, once."""

import asyncio
import random
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from itertools import takewhile
from typing import TypeVar

from bot.adapters.slack.blocks import STOP
from bot.serving.desk import INTERRUPTED
from tests.platforms.slack_interactions import CannotError
from tests.platforms.slack_server import Delivery, Message, SlackServer
from tests.soak.people import CLAUSES, FOLLOW_UPS, QUESTIONS, WITHIN, New, Way
from tests.soak.tally import Asked

T = TypeVar("T")


class OnSlack:
    """Mentions, follow-ups, commands, buttons, direct messages and stops."""

    def __init__(self, slack: SlackServer, people: int, there: asyncio.Event) -> None:
        """`there` is set while the bot is."""
        self._slack = slack
        self._there = there
        self.people = [slack.add_user(f"person{number}").name for number in range(people)]
        self._answers: list[Message] = []

    @property
    def ways(self) -> Mapping[Way, int]:
        """What they do, and how often."""
        return {self.mention: 4, self.command: 4, self.click: 3, self.direct: 2, self.stop: 1}

    async def mention(self, user: str, chance: random.Random, asked: New) -> None:
        """Ask in a channel, and go on in the thread."""
        question = chance.choice(QUESTIONS)
        one = asked("slack", "mention", question)
        said = self._slack.mention(user, "general", question)
        await self._answered(one, said)
        if one.ended is not None and not one.interrupted and chance.random() < 0.5:
            follow_up = chance.choice(FOLLOW_UPS)
            await self._there.wait()
            two = asked("slack", "follow-up", follow_up)
            await self._answered(two, self._slack.say(user, "general", follow_up, said))

    async def direct(self, user: str, chance: random.Random, asked: New) -> None:
        """Ask in the messages tab."""
        question = chance.choice(QUESTIONS)
        await self._answered(asked("slack", "direct message", question), self._slack.dm(user, question))

    async def command(self, user: str, chance: random.Random, asked: New) -> None:
        """Use a command; its answer is for the asker only."""
        name = chance.choice(("/ask", "/ask", "/license", "/explain", "/herald"))
        text = {"/ask": QUESTIONS, "/license": CLAUSES}.get(name, ("",))
        one = asked("slack", name, typed := chance.choice(text))
        began, who = self._slack.now(), self._slack.user(user).id
        delivery = self._slack.slash(user, "general", name, typed)

        def mine() -> list[Message]:
            return [it for it in self._slack.ephemerals if it.ephemeral_to == who and it.posted_at >= began]

        if not await self._reached(one, delivery, began):
            return
        await self._seen(one, mine)
        if shown := mine():
            one.status = shown[0].posted_at - began
        await self._seen(one, lambda: _finals(mine()))
        self._finish(one, began, mine())

    async def click(self, user: str, chance: random.Random, asked: New) -> None:
        """Open a source of an earlier answer, or vote on it."""
        messages = [message for message in self._answers if message.action_ids and not message.ephemeral_to]
        if not messages:
            return
        message = chance.choice(messages[-20:])
        action = chance.choice(message.action_ids)
        if action == STOP or not action.startswith(("source", "feedback")):
            return
        one, began = asked("slack", "click", action), self._slack.now()
        delivery = self._slack.click(user, message, action, "positive" if action == "feedback" else None)
        if not await self._reached(one, delivery, began):
            return
        one.status = delivery.acked_after
        if action == "feedback" or await self._seen(one, lambda: bool(self._slack.modal(user))):
            self._end(one, began)
            if view := self._slack.modal(user):
                self._slack.close_view(user, view)

    async def stop(self, user: str, chance: random.Random, asked: New) -> None:
        """Ask, and stop the answer as soon as that is possible."""
        question = chance.choice(QUESTIONS)
        one = asked("slack", "stop", question)
        said = self._slack.dm(user, question)

        def running() -> bool:
            session = self._slack.session(said)
            return (session is not None and session.status == "processing") or bool(self._finals(said))

        await self._seen(one, running)
        with suppress(CannotError):  # it may be answered by now
            self._slack.press_stop(user, said)
        await self._answered(one, said)

    async def _answered(self, one: Asked, said: Message) -> None:
        def signs() -> list[float]:
            statuses = [
                it.at for it in self._slack.statuses if it.thread_ts == said.root_ts and it.at >= said.posted_at
            ]
            return [*statuses, *(it.posted_at for it in self._after(said))]

        await self._seen(one, signs)
        if shown := signs():
            one.status = min(shown) - said.posted_at
        await self._seen(one, lambda: self._finals(said) or self._told_otherwise(said))
        one.count = lambda: len(self._finals(said))
        self._finish(one, said.posted_at, self._finals(said) or self._told_otherwise(said))

    async def _reached(self, one: Asked, delivery: Delivery, began: float) -> bool:
        """Whether the bot was told of a click or a command; else Slack tells who did it that it failed."""
        await self._seen(one, lambda: delivery.acked or bool(delivery.failed))
        if delivery.failed and not delivery.acked:
            one.refused = True
            self._end(one, began)
        return delivery.acked

    def _told_otherwise(self, said: Message) -> list[Message]:
        """What the asker alone was told in a thread: that the answer could not be shown."""
        mine = [it for it in self._slack.ephemerals if it.ephemeral_to == said.user and it.thread_ts == said.root_ts]
        return [it for it in mine if it.posted_at >= said.posted_at]

    def _after(self, said: Message) -> list[Message]:
        """What the bot said after a message, until somebody asked something else in its thread."""
        later = [it for it in self._slack.thread(said) if float(it.ts) > float(said.ts)]
        return list(takewhile(lambda it: it.by_app, later))

    def _finals(self, said: Message) -> list[Message]:
        return _finals(self._after(said))

    def _finish(self, one: Asked, began: float, shown: Sequence[Message]) -> None:
        finals = _finals(shown)
        if not finals:
            return
        one.interrupted = any(INTERRUPTED in it.shown for it in finals)
        self._answers += finals
        self._end(one, began)

    def _end(self, one: Asked, began: float) -> None:
        one.ended = self._slack.now() - began

    async def _seen(self, one: Asked, condition: Callable[[], T]) -> T | None:
        """What a condition comes to; nothing if that takes too long."""
        try:
            return await self._slack.until(condition, WITHIN)
        except AssertionError:
            return None


def _finals(shown: Sequence[Message]) -> list[Message]:
    """What is neither still written nor a mere status."""
    return [it for it in shown if not it.is_streaming and STOP not in it.action_ids and not it.shown.endswith("…")]


def duplicated(delivery: Delivery) -> bool:
    """Whether a delivery is one that Slack may send twice."""
    return delivery.acked and delivery.kind == "events_api" and delivery.name in ("app_mention", "message")

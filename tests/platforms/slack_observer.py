"""What a test sees of the local Slack, and how it waits for it without sleeping."""

import asyncio
from collections.abc import Callable
from typing import TypeVar

from tests.platforms.slack_agents import status_of
from tests.platforms.slack_events import Delivery
from tests.platforms.slack_platform import ApiCall, Platform, ResponsePost
from tests.platforms.slack_views import open_modals
from tests.platforms.slack_world import Message, Prompts, Session, Status, Stream, User, View

T = TypeVar("T")


class Observer:
    """The test's view of a SlackServer."""

    platform: Platform

    async def until(self, true: Callable[[], T], within: float = 5.0) -> T:
        """The first true value of `true()`; after `within` real seconds, an error that tells what there is."""
        try:
            async with asyncio.timeout(within):
                return await self.platform.changes.until(true)
        except TimeoutError:
            raise AssertionError(f"it did not come true within {within} s; {self.summary()}") from None

    async def reply(self, message: Message, within: float = 5.0) -> Message:
        """The app's first finished reply in the message's thread that came after the message."""

        def finished() -> Message | None:
            later = (each for each in self.replies(message) if float(each.ts) > float(message.ts))
            return next((each for each in later if not each.is_streaming), None)

        found = await self.until(finished, within)
        assert found is not None
        return found

    def summary(self) -> str:
        """What there is, for a test's error message."""
        said = [f"{message.user}: {message.shown[:80]!r}" for message in self.messages[-5:]]
        calls = [f"{call.method} {call.error or 'ok'}" for call in self.calls[-8:]]
        late = [f"{each.name} {each.failed}" for each in self.deliveries if not each.acked]
        return f"messages {said}, calls {calls}, not acknowledged {late}, violations {self.violations}"

    @property
    def violations(self) -> list[str]:
        """The rules that the app broke, and what broke in the server itself."""
        return self.platform.violations

    @property
    def messages(self) -> list[Message]:
        """All messages that are still there, users' included, in order."""
        return [message for message in self.platform.world.messages if not message.deleted]

    @property
    def ephemerals(self) -> list[Message]:
        """The messages that only one user sees, and still sees."""
        return [message for message in self.platform.world.ephemerals if not message.deleted]

    def thread(self, message: Message) -> list[Message]:
        """The messages of a message's thread."""
        return self.platform.world.thread(message.channel, message.root_ts)

    def replies(self, message: Message) -> list[Message]:
        """The app's messages in a message's thread."""
        return [each for each in self.thread(message) if each.by_app]

    @property
    def streams(self) -> list[Stream]:
        """The streams that the app started, in order."""
        return [message.stream for message in self.platform.world.messages if message.stream]

    @property
    def statuses(self) -> list[Status]:
        """Every loading status that was set or cleared, in order."""
        return self.platform.world.statuses

    def status(self, message: Message) -> str:
        """The loading status that people see in the message's thread now."""
        return status_of(self.platform, message.channel, message.root_ts)

    @property
    def sessions(self) -> list[Session]:
        """The agent sessions of all threads."""
        return list(self.platform.world.sessions.values())

    def session(self, message: Message) -> Session | None:
        """The agent session of the message's thread."""
        return self.platform.session(message.channel, message.root_ts)

    @property
    def prompts(self) -> list[Prompts]:
        """The suggested prompts that were set, in order."""
        return self.platform.world.prompts

    @property
    def titles(self) -> dict[tuple[str, str], str]:
        """The titles of threads, by channel id and thread."""
        return self.platform.world.titles

    def home(self, user: User | str) -> View | None:
        """A user's Home tab, once it is published."""
        return self.platform.world.homes.get(self.platform.world.user(user).id)

    def modal(self, user: User | str) -> View | None:
        """The modal that a user has in front, if any."""
        stack = open_modals(self.platform, self.platform.world.user(user))
        return stack[-1] if stack else None

    @property
    def modals(self) -> list[View]:
        """Every modal that was opened, closed ones included."""
        return self.platform.world.views

    @property
    def response_posts(self) -> list[ResponsePost]:
        """What was sent to response_urls."""
        return self.platform.response_posts

    @property
    def calls(self) -> list[ApiCall]:
        """Every Web API call."""
        return self.platform.calls

    def calls_to(self, method: str) -> list[ApiCall]:
        """The calls of one method."""
        return [call for call in self.calls if call.method == method]

    @property
    def rate_limited(self) -> list[ApiCall]:
        """The calls that were answered with 429."""
        return self.platform.rate_limited

    @property
    def deliveries(self) -> list[Delivery]:
        """Everything that was sent to the app."""
        return self.platform.outbox.deliveries

    def deliveries_of(self, name: str) -> list[Delivery]:
        """What was sent under an event's type, a command, a callback id or an action id."""
        return [delivery for delivery in self.deliveries if delivery.name == name]

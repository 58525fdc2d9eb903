"""What people do in the local Slack; each action returns at once, its delivery to the app runs by itself."""

from tests.platforms.slack_events import Delivery
from tests.platforms.slack_faults import SlackError
from tests.platforms.slack_interactions import CannotError, action_of, state_of
from tests.platforms.slack_payloads import (
    command_body,
    mention_event,
    message_click,
    shortcut_body,
    view_click,
    view_event,
    view_json,
)
from tests.platforms.slack_platform import Platform
from tests.platforms.slack_response_urls import respond
from tests.platforms.slack_text import Json, as_typed
from tests.platforms.slack_views import submitted
from tests.platforms.slack_world import Channel, Message, User, View


class People:
    """The users' side of a SlackServer."""

    platform: Platform

    def say(
        self, user: User | str, channel: Channel | str, text: str, thread_ts: Message | str | None = None
    ) -> Message:
        """A user writes in a channel or in a thread of it; text as typed."""
        who = self.platform.world.user(user)
        return self._write(who, self.platform.world.channel(channel, who.team), as_typed(text), thread_ts)

    def mention(
        self, user: User | str, channel: Channel | str, text: str, thread_ts: Message | str | None = None
    ) -> Message:
        """A user writes to the bot by its name; the app hears of it twice, as app_mention and as message."""
        who = self.platform.world.user(user)
        where = self.platform.world.channel(channel, who.team)
        message = self._write(who, where, f"<@{who.team.bot_user_id}> {as_typed(text)}", thread_ts)
        if where.bot_is_member:
            self.platform.tell(who.team, mention_event(message))
        return message

    def dm(self, user: User | str, text: str, thread_ts: Message | str | None = None) -> Message:
        """A user writes to the app in their DM, the agent's Messages tab."""
        who = self.platform.world.user(user)
        return self._write(who, self.platform.world.dm(who), as_typed(text), thread_ts)

    def edit(self, message: Message, text: str) -> None:
        """The author changes a message; text as typed."""
        self.platform.change_message(message, as_typed(text), [])

    def delete(self, message: Message) -> None:
        """A message is deleted by its author, or by an administrator."""
        self.platform.delete_message(message)

    def open_home(self, user: User | str, tab: str = "home") -> Delivery | None:
        """A user opens the app, on its tab "home" or "messages"."""
        who = self.platform.world.user(user)
        event: Json = {
            "type": "app_home_opened",
            "user": who.id,
            "channel": self.platform.world.dm(who).id,
            "tab": tab,
            "event_ts": self.platform.ts(),
        }
        home = self.platform.world.homes.get(who.id)
        if home and tab == "home":
            event["view"] = view_json(home, {})
        return self.platform.tell(who.team, event)

    def slash(self, user: User | str, channel: Channel | str, command: str, text: str = "") -> Delivery:
        """A user gives a slash command; Slack escapes its text, but does not make links or mentions of it."""
        who = self.platform.world.user(user)
        where = self.platform.world.channel(channel, who.team)
        url = self.platform.response_url(where, who, None)
        typed = text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;").strip()
        body = command_body(who, where, command, typed, self.platform.trigger(who), url)
        delivery = Delivery("slash_commands", command, who.team, body)
        delivery.on_ack = lambda answer: self._answer_command(url, answer)
        return self.platform.outbox.deliver(delivery)

    def shortcut(self, user: User | str, message: Message, callback_id: str) -> Delivery:
        """A user picks a message shortcut."""
        who = self.platform.world.user(user)
        if message.ephemeral_to or message.deleted:
            raise CannotError("only a message that stays has shortcuts")
        url = self.platform.response_url(message.channel, who, message)
        body = shortcut_body(who, message, callback_id, self.platform.trigger(who), url, self.platform.ts())
        return self._interact(callback_id, who, body)

    def click(self, user: User | str, where: Message | View, action_id: str, value: str | None = None) -> Delivery:
        """A user clicks something in a message, a modal or their Home tab."""
        who = self.platform.world.user(user)
        trigger = self.platform.trigger(who, where.id if isinstance(where, View) else None)
        if isinstance(where, View):
            action = action_of(where.view["blocks"], action_id, value, self.platform.ts())
            return self._interact(action_id, who, view_click(who, where, action, trigger))
        if where.deleted or where.ephemeral_to not in (None, who.id):
            raise CannotError("the user does not see this message")
        action = action_of(where.blocks, action_id, value, self.platform.ts())
        url = self.platform.response_url(where.channel, who, where)
        return self._interact(action_id, who, message_click(who, where, action, trigger, url))

    def submit_view(self, user: User | str, view: View, values: dict[str, str] | None = None) -> Delivery:
        """A user fills in a modal and submits it; what the app acknowledges it with is carried out."""
        who = self.platform.world.user(user)
        if not view.open or "submit" not in view.view:
            raise CannotError("the modal is closed, or has nothing to submit")
        state = state_of(view.view["blocks"], values or {})
        body = view_event("view_submission", who, view, state, self.platform.trigger(who, view.id))
        delivery = Delivery("interactive", str(view.view.get("callback_id", "")), who.team, body)
        delivery.on_ack = lambda answer: submitted(self.platform, view, answer)
        return self.platform.outbox.deliver(delivery)

    def close_view(self, user: User | str, view: View) -> Delivery | None:
        """A user closes a modal; the app hears of it if the view has notify_on_close."""
        who = self.platform.world.user(user)
        view.open = False
        self.platform.changes.notify()
        if not view.view.get("notify_on_close"):
            return None
        body = view_event("view_closed", who, view, {}, self.platform.trigger(who))
        return self._interact(str(view.view.get("callback_id", "")), who, body)

    def press_stop(self, user: User | str, message: Message) -> Delivery:
        """A user presses the stop button in the message's thread; its streams stop, and the app is told."""
        who = self.platform.world.user(user)
        channel, thread_ts = message.channel, message.root_ts
        session = self.platform.session(channel, thread_ts)
        if session is None or session.status != "processing":
            raise CannotError("there is no stop button: the thread's session is not processing")
        streaming = [each for each in self.platform.world.thread(channel, thread_ts) if each.is_streaming]
        for each in streaming:
            assert each.stream is not None
            each.stream.state = "stopped_by_user"
        event = {
            "type": "agent_session_stopped",
            "channel": channel.id,
            "thread_ts": thread_ts,
            "user": who.id,
            "streaming_message_ts": [each.ts for each in streaming],
            "event_ts": self.platform.ts(),
        }
        self.platform.changes.notify()
        if (delivery := self.platform.tell(who.team, event)) is None:
            raise CannotError("there is no stop button: the app does not listen to agent_session_stopped")
        return delivery

    def _write(self, user: User, channel: Channel, text: str, thread: Message | str | None) -> Message:
        thread_ts = thread.root_ts if isinstance(thread, Message) else thread
        now = self.platform.clock.now()
        return self.platform.add_message(Message(self.platform.ts(), channel, user.id, text, [], thread_ts, now))

    def _interact(self, name: str, user: User, body: Json) -> Delivery:
        return self.platform.outbox.deliver(Delivery("interactive", name, user.team, body))

    def _answer_command(self, url: str, answer: Json) -> None:
        if not answer:
            return
        path = url.removeprefix(self.platform.base_url)
        try:
            respond(self.platform, self.platform.response_urls[path], answer)
        except SlackError as error:
            self.platform.broken(f"a command was acknowledged with a message that breaks rules: {error.broken}")

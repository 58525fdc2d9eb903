"""The state that the local Slack's parts share, and what more than one of them does with it."""

import copy
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field

from tests.platforms.slack_clock import Changes, Clock
from tests.platforms.slack_events import Delivery, Outbox
from tests.platforms.slack_faults import Faults, Limits
from tests.platforms.slack_payloads import event_body, message_event
from tests.platforms.slack_text import Json
from tests.platforms.slack_world import Channel, Message, Revision, Session, Team, User, World

SCOPES = frozenset(
    "app_mentions:read assistant:write channels:history channels:read chat:write commands groups:history groups:read"
    " im:history im:read im:write team:read users:read".split()
)
EVENTS = frozenset(
    "app_home_opened app_mention agent_session_stopped app_uninstalled tokens_revoked"
    " message.channels message.groups message.im".split()
)
_MESSAGE_EVENTS = {"channel": "message.channels", "group": "message.groups", "im": "message.im"}
_EVENT_SCOPES = {
    "app_mention": "app_mentions:read",
    "message.channels": "channels:history",
    "message.groups": "groups:history",
    "message.im": "im:history",
}


@dataclass(frozen=True)
class SlackOptions:
    """How this Slack is set up; the defaults are the platform's own."""

    scopes: frozenset[str] = SCOPES
    """The bot token's scopes."""
    events: frozenset[str] = EVENTS
    """The events that the app is subscribed to, messages by kind of channel."""
    agent_view: bool = True
    """Whether the app is an agent (features.agent_view); prompts for a thread then silently fail."""
    ack_timeout: float = 3.0
    stream_lifetime: float = 300.0
    status_lifetime: float = 120.0
    post_rate: float = 1.0
    """Messages a second in one channel, after a burst of `post_burst`."""
    post_burst: int = 5
    tiers: Mapping[str, int] = field(default_factory=dict)
    """Calls a minute by method, where a test wants other limits than the documented tiers."""
    recipients_in_dms: bool = True
    """Whether chat.startStream needs its recipient in DMs too: the docs say no, developers who tried say yes."""
    echo: bool = True
    """Whether the app is told of its own messages, edits and deletions, as it is in channels that it listens to."""
    signing_secret: str = "a-signing-secret"
    app_token: str = "xapp-1-A0HERALD-1-secret"
    client_id: str = "111.222"
    client_secret: str = "client-secret"


@dataclass
class ApiCall:
    """A Web API call as it came in, and how it was answered."""

    method: str
    args: Json
    at: float
    team: Team | None = None
    error: str = ""

    @property
    def ok(self) -> bool:
        """Whether it was answered with ok."""
        return not self.error


@dataclass
class Trigger:
    """A trigger_id: valid for three seconds and one view."""

    user: User
    expires_at: float
    view_id: str | None = None
    used: bool = False


@dataclass
class ResponseUrl:
    """A response_url: five uses in 30 minutes."""

    channel: Channel
    user: User
    expires_at: float
    source: Message | None = None
    uses: int = 0


@dataclass(frozen=True)
class ResponsePost:
    """What the app sent to a response_url, and the status that it got."""

    url: str
    body: Json
    at: float
    status: int


class Platform:
    """Everything that happens in this Slack, seen from inside."""

    def __init__(self, options: SlackOptions) -> None:
        self.options = options
        self.base_url = ""
        self.clock = Clock()
        self.changes = Changes()
        self.world = World()
        self.faults = Faults()
        self.limits = Limits(self.clock.now, options.tiers, options.post_rate, options.post_burst)
        self.outbox = Outbox(self.clock, self.changes, options.ack_timeout, self.broken)
        self.violations: list[str] = []
        self.calls: list[ApiCall] = []
        self.rate_limited: list[ApiCall] = []
        self.response_urls: dict[str, ResponseUrl] = {}
        self.response_posts: list[ResponsePost] = []
        self.triggers: dict[str, Trigger] = {}
        self.oauth_codes: dict[str, Team] = {}

    def broken(self, rule: str) -> None:
        """Notes that the app broke a rule, or that the server failed."""
        self.violations.append(rule)
        self.changes.notify()

    def ts(self) -> str:
        """A new time stamp, later than all before."""
        return f"{int(self.clock.now())}.{self.world.number():06d}"

    def add_message(self, message: Message) -> Message:
        """Puts a message where its readers see it, and tells the app when it listens there."""
        message.revisions.append(Revision(message.posted_at, message.text, copy.deepcopy(message.blocks)))
        (self.world.ephemerals if message.ephemeral_to else self.world.messages).append(message)
        self.changes.notify()
        if not message.ephemeral_to and (self.options.echo or not message.by_app):
            self.tell_message(message.channel, message_event(message, self._parent(message)))
        return message

    def change_message(self, message: Message, text: str, blocks: list[Json], *, quiet: bool = False) -> None:
        """Gives a message new content; `quiet` ones (a stream growing) are not worth an event."""
        before = message.as_json()
        message.put(self.clock.now(), text, blocks)
        self.changes.notify()
        if quiet or message.ephemeral_to or (message.by_app and not self.options.echo):
            return
        after = message.as_json()
        self.tell_message(
            message.channel, self._hidden(message, "message_changed", message=after, previous_message=before)
        )

    def delete_message(self, message: Message) -> None:
        """Takes a message away from its readers."""
        message.deleted = True
        self.changes.notify()
        if message.ephemeral_to or (message.by_app and not self.options.echo):
            return
        before = message.as_json()
        self.tell_message(
            message.channel, self._hidden(message, "message_deleted", deleted_ts=message.ts, previous_message=before)
        )

    def tell_message(self, channel: Channel, event: Json) -> None:
        """Sends a message event, if the app is in the channel."""
        if channel.bot_is_member:
            self.tell(channel.team, event, _MESSAGE_EVENTS[channel.kind])

    def tell(self, team: Team, event: Json, subscription: str = "") -> Delivery | None:
        """Sends an event, if the app is installed, subscribed and allowed to have it."""
        name = subscription or event["type"]
        scope = _EVENT_SCOPES.get(name)
        if name not in self.options.events or not team.installed or (scope and scope not in team.scopes):
            return None
        body = event_body(team, event, f"Ev{self.world.number():08d}", int(self.clock.now()))
        return self.outbox.deliver(Delivery("events_api", event["type"], team, body))

    def trigger(self, user: User, view_id: str | None = None) -> str:
        """A new trigger_id for what the user just did."""
        trigger_id = f"{self.world.number()}.{secrets.token_hex(8)}"
        self.triggers[trigger_id] = Trigger(user, self.clock.now() + 3, view_id)
        return trigger_id

    def response_url(self, channel: Channel, user: User, source: Message | None) -> str:
        """A new response_url that answers where the user is."""
        path = f"/response/{secrets.token_hex(8)}"
        self.response_urls[path] = ResponseUrl(channel, user, self.clock.now() + 1800, source)
        return f"{self.base_url}{path}"

    def session(self, channel: Channel, thread_ts: str) -> Session | None:
        """The agent session of a thread."""
        return self.world.sessions.get((channel.id, thread_ts))

    def set_session(self, channel: Channel, thread_ts: str, status: str, title: str | None = None) -> Session:
        """Gives a thread's session a status, and makes the session if there is none."""
        new = Session(channel.id, thread_ts, status, title)
        session = self.world.sessions.setdefault((channel.id, thread_ts), new)
        session.status = status
        session.history.append((self.clock.now(), status))
        self.changes.notify()
        return session

    def _parent(self, message: Message) -> Message | None:
        return self.world.message(message.channel, message.thread_ts) if message.thread_ts else None

    def _hidden(self, message: Message, /, subtype: str, **rest: object) -> Json:
        return {
            "type": "message",
            "subtype": subtype,
            "hidden": True,
            "channel": message.channel.id,
            "channel_type": message.channel.kind,
            "ts": self.ts(),
            "event_ts": self.ts(),
            **rest,
        }

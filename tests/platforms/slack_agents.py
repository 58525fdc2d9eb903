"""What Slack has for agents: statuses, sessions with a stop button, suggested prompts, and titles."""

from tests.platforms.slack_faults import SlackError
from tests.platforms.slack_platform import Platform
from tests.platforms.slack_text import Json
from tests.platforms.slack_web_api import Call, Method
from tests.platforms.slack_world import Channel, Prompts, Status

SESSION_STATUSES = ("active", "processing", "suspended", "closed")
MOST_PROMPTS = 4
MOST_LOADING_MESSAGES = 10
NO_STOP_BUTTON = "missing_agent_session_stopped_event_subscription"


def status_of(platform: Platform, channel: Channel, thread_ts: str) -> str:
    """The loading status that a thread shows now; one goes out after two minutes."""
    for status in reversed(platform.world.statuses):
        if (status.channel, status.thread_ts) == (channel.id, thread_ts):
            fresh = platform.clock.now() - status.at < platform.options.status_lifetime
            return status.text if fresh else ""
    return ""


def set_status(platform: Platform, channel: Channel, thread_ts: str, text: str, messages: tuple[str, ...]) -> None:
    """Shows a loading status, or clears it with an empty text."""
    platform.world.statuses.append(Status(channel.id, thread_ts, text, platform.clock.now(), messages))
    if text:
        platform.clock.after(platform.options.status_lifetime, platform.changes.notify)
    platform.changes.notify()


def clear_status(platform: Platform, channel: Channel, thread_ts: str | None) -> None:
    """Takes the loading status away, as Slack does when the app answers in the thread."""
    if thread_ts and status_of(platform, channel, thread_ts):
        set_status(platform, channel, thread_ts, "", ())


def _thread(call: Call, *, required: bool = True) -> tuple[Channel, str]:
    channel = call.channel("channel_id")
    if required:
        call.need("thread_ts")
    thread_ts = str(call.args.get("thread_ts") or "")
    if thread_ts and not call.platform.world.thread(channel, thread_ts):
        raise SlackError("invalid_thread_ts")
    return channel, thread_ts


def threads_set_status(call: Call) -> Json:
    """assistant.threads.setStatus."""
    channel, thread_ts = _thread(call)
    messages = call.args.get("loading_messages") or []
    if "status" not in call.args or not isinstance(messages, list) or len(messages) > MOST_LOADING_MESSAGES:
        raise SlackError(
            "invalid_arguments", f"a status is needed, and at most {MOST_LOADING_MESSAGES} loading messages"
        )
    set_status(call.platform, channel, thread_ts, str(call.args["status"]), tuple(map(str, messages)))
    return {}


def threads_set_title(call: Call) -> Json:
    """assistant.threads.setTitle."""
    channel, thread_ts = _thread(call)
    call.need("title")
    call.platform.world.titles[channel.id, thread_ts] = str(call.args["title"])
    return {}


def threads_set_suggested_prompts(call: Call) -> Json:
    """assistant.threads.setSuggestedPrompts; an agent's prompts for a thread silently go nowhere."""
    channel, thread_ts = _thread(call, required=False)
    call.need("prompts")
    prompts = call.args["prompts"]
    if not isinstance(prompts, list) or not all(_is_prompt(prompt) for prompt in prompts):
        raise SlackError("invalid_arguments", "each prompt needs a title and a message")
    if len(prompts) > MOST_PROMPTS:
        raise SlackError("invalid_arguments", f"{len(prompts)} prompts, {MOST_PROMPTS} are allowed")
    if call.platform.options.agent_view and thread_ts:
        call.platform.broken("assistant.threads.setSuggestedPrompts: an agent's prompts for a thread are not shown")
        return {}
    pairs = tuple((str(prompt["title"]), str(prompt["message"])) for prompt in prompts)
    call.platform.world.prompts.append(Prompts(channel.id, thread_ts or None, call.args.get("title"), pairs))
    return {}


def _is_prompt(prompt: object) -> bool:
    return isinstance(prompt, dict) and bool(prompt.get("title")) and bool(prompt.get("message"))


def sessions_set_status(call: Call) -> Json:
    """agents.sessions.setStatus; "processing" shows the stop button, if the app listens to it."""
    if not call.platform.options.agent_view:
        raise SlackError("app_not_agent", "the app is not declared as an agent")
    channel, thread_ts = _thread(call)
    status = check_session_status(call.args.get("status"))
    title = call.args.get("title")
    if isinstance(title, str) and len(title) > 200:
        raise SlackError("invalid_arguments", f"a title of {len(title)} characters, 200 are allowed")
    session = call.platform.set_session(channel, thread_ts, status, title)
    answer: Json = {"status": session.status, "agent_status": session.status, "title": session.title or ""}
    listens = "agent_session_stopped" in call.platform.options.events
    return answer if listens or status != "processing" else answer | {"warning": NO_STOP_BUTTON}


def check_session_status(status: object) -> str:
    """A session's status, refused when there is none such."""
    if status not in SESSION_STATUSES:
        raise SlackError("invalid_arguments", f"the session status {status!r} is none of {', '.join(SESSION_STATUSES)}")
    return str(status)


def sessions_rename(call: Call) -> Json:
    """agents.sessions.rename."""
    channel, thread_ts = _thread(call)
    call.need("title")
    session = call.platform.session(channel, thread_ts)
    if session is None:
        raise SlackError("session_not_found")
    session.title = str(call.args["title"])
    return {"title": session.title}


METHODS = {
    "assistant.threads.setStatus": Method(threads_set_status, ("chat:write", "assistant:write"), None),
    "assistant.threads.setTitle": Method(threads_set_title, ("assistant:write",), 4),
    "assistant.threads.setSuggestedPrompts": Method(threads_set_suggested_prompts, ("assistant:write",), 4),
    "agents.sessions.setStatus": Method(sessions_set_status, ("chat:write",), 3),
    "agents.sessions.rename": Method(sessions_rename, ("chat:write",), 3),
}

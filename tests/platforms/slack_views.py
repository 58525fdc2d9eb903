"""views.open, push, update, publish, and what a modal's submission brings about: triggers, hashes, the stack."""

import copy

from tests.platforms.slack_chat import with_ids
from tests.platforms.slack_faults import SlackError
from tests.platforms.slack_payloads import view_hash, view_json
from tests.platforms.slack_platform import Platform, Trigger
from tests.platforms.slack_rules import view_faults
from tests.platforms.slack_text import Json
from tests.platforms.slack_web_api import Call, Method
from tests.platforms.slack_world import User, View

DEEPEST = 3
LARGEST = 250_000


def open_modals(platform: Platform, user: User) -> list[View]:
    """The user's open modals, the one on top last."""
    return [view for view in platform.world.views if view.open and view.user is user]


def open_view(call: Call) -> Json:
    """views.open."""
    trigger = _trigger(call)
    body = _body(call, ("modal",))
    for old in open_modals(call.platform, trigger.user):
        old.open = False
    view = add_view(call.platform, trigger.user, body, None)
    return {"view": view_json(view, {})}


def push_view(call: Call) -> Json:
    """views.push: only on top of the modal in which the user clicked."""
    trigger = _trigger(call)
    body = _body(call, ("modal",))
    stack = open_modals(call.platform, trigger.user)
    if not stack or trigger.view_id is None:
        raise SlackError("invalid_trigger_id", "the trigger is not from an open modal")
    if len(stack) >= DEEPEST:
        raise SlackError("push_limit_reached", f"{DEEPEST} modals are open already")
    return {"view": view_json(add_view(call.platform, trigger.user, body, stack[-1]), {})}


def update_view(call: Call) -> Json:
    """views.update."""
    body = _body(call, ("modal", "home"))
    view = _named(call)
    if call.args.get("hash") not in (None, view_hash(view)):
        raise SlackError("hash_conflict")
    change_view(call.platform, view, body)
    return {"view": view_json(view, {})}


def publish_view(call: Call) -> Json:
    """views.publish."""
    call.need("user_id")
    user = call.platform.world.users.get(str(call.args["user_id"]))
    if user is None or user.team is not call.team:
        raise SlackError("user_not_found")
    body = _body(call, ("home",))
    view = call.platform.world.homes.get(user.id)
    if view is None:
        view = new_view(call.platform, user, body, None)
        call.platform.world.homes[user.id] = view
        call.platform.changes.notify()
    elif call.args.get("hash") not in (None, view_hash(view)):
        raise SlackError("hash_conflict")
    else:
        change_view(call.platform, view, body)
    return {"view": view_json(view, {})}


def new_view(platform: Platform, user: User, body: Json, below: View | None) -> View:
    """A view that nobody sees yet."""
    view_id = f"V{platform.world.number():08d}"
    root, previous = (below.root_id, below.id) if below else (view_id, None)
    body = _stored(platform, body)
    return View(view_id, user, body, root, previous, history=[copy.deepcopy(body)])


def add_view(platform: Platform, user: User, body: Json, below: View | None) -> View:
    """A modal that opens, on top of another if there is one."""
    view = new_view(platform, user, body, below)
    platform.world.views.append(view)
    platform.changes.notify()
    return view


def change_view(platform: Platform, view: View, body: Json) -> None:
    """Gives a view new content."""
    view.view = _stored(platform, body)
    view.history.append(copy.deepcopy(view.view))
    platform.changes.notify()


def submitted(platform: Platform, view: View, answer: Json) -> None:
    """Does what the acknowledgement of a submission asks for; nothing asked closes the modal."""
    action = answer.get("response_action")
    stack = open_modals(platform, view.user)
    if action == "errors":
        _check_errors(platform, view, answer.get("errors"))
    elif action in ("update", "push"):
        _show(platform, view, action, answer.get("view"))
    elif action == "clear":
        for each in stack:
            each.open = False
    elif action is None and not answer:
        view.open = False
    else:
        platform.broken(f"a view_submission was acknowledged with {answer}")
    platform.changes.notify()


def _show(platform: Platform, view: View, action: str, body: object) -> None:
    if faults := view_faults(body, ("modal",)):
        platform.broken(f"a view_submission was acknowledged with a view that breaks rules: {'; '.join(faults)}")
    elif not isinstance(body, dict):
        platform.broken("a view_submission was acknowledged without its view")
    elif action == "update":
        change_view(platform, view, body)
    else:
        add_view(platform, view.user, body, view)


def _check_errors(platform: Platform, view: View, errors: object) -> None:
    block_ids = {block["block_id"] for block in view.view["blocks"] if block["type"] == "input"}
    if not isinstance(errors, dict) or not errors or not set(errors) <= block_ids:
        platform.broken(f"a view_submission was acknowledged with errors for no input block: {errors}")


def _stored(platform: Platform, body: Json) -> Json:
    return body | {"blocks": with_ids(platform, body["blocks"])}


def _body(call: Call, kinds: tuple[str, ...]) -> Json:
    call.need("view")
    view = call.args["view"]
    if faults := view_faults(view, kinds):
        raise SlackError("invalid_arguments", messages=faults)
    if len(str(view)) > LARGEST:
        raise SlackError("view_too_large", f"{len(str(view))} characters")
    found: Json = view
    return found


def _trigger(call: Call) -> Trigger:
    call.need("trigger_id")
    trigger = call.platform.triggers.get(str(call.args["trigger_id"]))
    if trigger is None or trigger.user.team is not call.team:
        raise SlackError("invalid_trigger_id", "there is no such trigger")
    if trigger.used:
        raise SlackError("exchanged_trigger_id", "the trigger was used before")
    if call.platform.clock.now() > trigger.expires_at:
        raise SlackError("expired_trigger_id", "the trigger is older than 3 s")
    trigger.used = True
    return trigger


def _named(call: Call) -> View:
    views = [*call.platform.world.views, *call.platform.world.homes.values()]
    view_id, external_id = call.args.get("view_id"), call.args.get("external_id")
    for view in views:
        named = view.id == view_id or (external_id and view.view.get("external_id") == external_id)
        if named and view.open and view.user.team is call.team:
            return view
    raise SlackError("not_found")


METHODS = {
    "views.open": Method(open_view, (), 4),
    "views.push": Method(push_view, (), 4),
    "views.update": Method(update_view, (), 4),
    "views.publish": Method(publish_view, (), 4),
}

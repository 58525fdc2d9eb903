"""Interactions: what a user's slash command, click or modal sends to the bot, and what became of it."""

import secrets
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from tests.platforms.discord_commands import MESSAGE_COMMAND, SLASH, chosen_options, find_command
from tests.platforms.discord_errors import Json
from tests.platforms.discord_gateway import Gateway
from tests.platforms.discord_payloads import Payloads, user_json
from tests.platforms.discord_rules import LARGEST_FILE
from tests.platforms.discord_text import walk
from tests.platforms.discord_world import Channel, Message, User, World

COMMAND, COMPONENT, AUTOCOMPLETE, MODAL_SUBMIT = 2, 3, 4, 5
IN_GUILD, IN_BOT_DM, IN_PRIVATE = 0, 1, 2


@dataclass(eq=False)
class Interaction:
    """One interaction and the bot's reactions to it; `name` is the command's name or the custom_id."""

    id: int
    token: str
    kind: int
    name: str
    user: User
    channel: Channel
    created: float
    origin: Json
    message: Message | None = None
    user_app: bool = False
    acknowledged_after: float | None = None
    """Seconds until the bot's callback came, late ones included; None while there is none."""
    callback_type: int | None = None
    """4 message, 5 deferred message, 6 deferred update, 7 update, 8 choices, 9 modal."""
    response: Message | None = None
    """What @original is: the bot's first response, or the clicked message."""
    followups: list[Message] = field(default_factory=list)
    modal: Json | None = None
    choices: list[Json] | None = None

    @property
    def replies(self) -> list[Message]:
        """All messages that answer it and have not been deleted, without the clicked one."""
        first = [self.response] if self.response is not None and self.response is not self.message else []
        return [message for message in first + self.followups if not message.deleted]

    @property
    def fields(self) -> list[Json]:
        """The inputs of the modal that it opened, each with the label that a user sees."""
        shown = []
        for part in walk((self.modal or {}).get("components", ())):
            if part["type"] == 18:
                shown.append({**part["component"], "label": part["label"], "in_label": True})
            elif part["type"] == 4 and part["custom_id"] not in {known["custom_id"] for known in shown}:
                shown.append(part)
        return shown


@dataclass
class Interactions:
    """Creates interactions, as Discord does for what users do."""

    world: World
    payloads: Payloads
    changed: Callable[[], None]
    gateway: Gateway | None = None
    lag: float = 0.0
    """How old interactions are when the bot gets them, as if the line were slow."""
    installed_by: set[int] = field(default_factory=set)
    """Who has installed the bot as a user app."""
    commands: list[Json] = field(default_factory=list)
    """The global commands that the bot has synced."""
    all: list[Interaction] = field(default_factory=list)

    def by_token(self, token: str) -> Interaction | None:
        """The interaction that a token belongs to."""
        return next((one for one in self.all if one.token == token), None)

    def slash(self, user: User, channel: Channel, name: str, values: Mapping[str, Any]) -> Interaction:
        """A slash command; the name may hold sub-commands, as in "journal export"."""
        return self._call(COMMAND, user, channel, name, values, "")

    def autocomplete(self, user: User, channel: Channel, name: str, values: Mapping[str, Any], on: str) -> Interaction:
        """What the app asks while the user types into an option."""
        return self._call(AUTOCOMPLETE, user, channel, name, values, on)

    def _call(
        self, kind: int, user: User, channel: Channel, name: str, values: Mapping[str, Any], on: str
    ) -> Interaction:
        root, *path = name.split()
        command = self._command(SLASH, root, user, channel)
        data = {"id": command["id"], "name": root, "type": SLASH, "options": chosen_options(command, path, values, on)}
        return self._create(kind, name, user, channel, data)

    def message_command(self, user: User, channel: Channel, name: str, message: Message) -> Interaction:
        """An entry of the menu of a message; the bot is given the message's words whatever its intents are."""
        command = self._command(MESSAGE_COMMAND, name, user, channel)
        resolved = {"messages": {str(message.id): self.payloads.message(message, content=True)}}
        data = {"id": command["id"], "name": name, "type": MESSAGE_COMMAND, "target_id": str(message.id)}
        return self._create(COMMAND, name, user, channel, data | {"resolved": resolved})

    def _command(self, kind: int, name: str, user: User, channel: Channel) -> Json:
        return find_command(self.commands, kind, name, self.context(channel), self._installs(user, channel))

    def click(self, user: User, message: Message, wanted: str) -> Interaction:
        """A click on a button, given by its label, emoji or custom_id."""
        assert not message.deleted, "the message has been deleted"
        assert message.visible_to in (None, user), "the message is ephemeral, and another user's"
        found = [button for button in message.buttons if wanted in (button.label, button.custom_id, button.emoji)]
        assert found, f"no button {wanted!r}; there are {[b.label or b.emoji for b in message.buttons]}"
        assert not found[0].disabled, f"the button {wanted!r} is disabled"
        assert found[0].custom_id, f"the button {wanted!r} is a link"
        data = {"custom_id": found[0].custom_id, "component_type": 2, "id": 0}
        return self._create(COMPONENT, found[0].custom_id, user, message.channel, data, message)

    def select(self, user: User, message: Message, custom_id: str, values: list[str]) -> Interaction:
        """A choice in a select menu."""
        found = [part for part in walk(message.components) if part.get("custom_id") == custom_id]
        assert found and not found[0].get("disabled"), f"no select {custom_id!r}"
        offered = {option["value"] for option in found[0].get("options", ())}
        assert offered.issuperset(values), f"the select offers {offered}"
        data = {"custom_id": custom_id, "component_type": found[0]["type"], "values": values, "id": 0}
        return self._create(COMPONENT, custom_id, user, message.channel, data, message)

    def submit_modal(self, user: User, opened_by: Interaction, values: Mapping[str, str]) -> Interaction:
        """A modal that is sent, with what its inputs (by label or custom_id) hold."""
        assert opened_by.modal is not None, "the interaction opened no modal"
        assert opened_by.user is user, "the modal is open before another user"
        keys = {key for part in opened_by.fields for key in (part["label"], part["custom_id"])}
        assert keys.issuperset(values), f"the modal has {keys}"
        components = [_submitted(part, values) for part in opened_by.fields]
        data = {"custom_id": opened_by.modal["custom_id"], "components": components}
        name = str(data["custom_id"])
        return self._create(MODAL_SUBMIT, name, user, opened_by.channel, data, opened_by.message)

    def context(self, channel: Channel) -> int:
        """In a server, in the bot's DMs or in those of others."""
        if channel.guild is not None:
            return IN_GUILD
        return IN_BOT_DM if self.world.bot in channel.recipients else IN_PRIVATE

    def _installs(self, user: User, channel: Channel) -> frozenset[int]:
        """Who has the bot here: 0 the server (DMs with the bot count), 1 the user."""
        here = channel.guild.has_bot if channel.guild is not None else self.world.bot in channel.recipients
        return frozenset(({0} if here else set()) | ({1} if user.id in self.installed_by else set()))

    def _create(
        self, kind: int, name: str, user: User, channel: Channel, data: Json, message: Message | None = None
    ) -> Interaction:
        owners = self._owners(user, channel)
        number, token = self.world.new_id(), secrets.token_urlsafe(24)
        origin = {"id": str(number), "type": kind, "user": user_json(user), "authorizing_integration_owners": owners}
        if message is not None:
            origin["interacted_message_id"] = str(message.id)
        interaction = Interaction(
            number, token, kind, name, user, channel, self.world.clock.now() - self.lag, origin, message,
            user_app="0" not in owners,
        )  # fmt: skip
        self.all.append(interaction)
        shown = self._shown(interaction, data, owners)
        assert self.gateway is not None
        self.gateway.dispatch("INTERACTION_CREATE", lambda intents: shown)
        self.changed()
        return interaction

    def _owners(self, user: User, channel: Channel) -> dict[str, str]:
        installs = self._installs(user, channel)
        assert installs, "the bot is neither here nor installed by the user"
        guild_owner = {"0": str(channel.guild.id) if channel.guild is not None else "0"} if 0 in installs else {}
        return guild_owner | ({"1": str(user.id)} if 1 in installs else {})

    def _shown(self, interaction: Interaction, data: Json, owners: Json) -> Json:
        channel, user = interaction.channel, interaction.user
        permissions = str(int(self.world.bot_permissions(channel)))
        shown: Json = {
            "id": str(interaction.id),
            "application_id": str(self.world.application_id),
            "type": interaction.kind,
            "token": interaction.token,
            "version": 1,
            "data": data,
            "channel": self.payloads.channel(channel) | {"permissions": permissions},
            "channel_id": str(channel.id),
            "app_permissions": permissions,
            "locale": "en-US",
            "entitlements": [],
            "attachment_size_limit": LARGEST_FILE,
            "authorizing_integration_owners": owners,
            "context": self.context(channel),
        }
        if interaction.message is not None:
            shown["message"] = self.payloads.message(interaction.message, content=True)
        guild = channel.guild
        if guild is None:
            return shown | {"user": user_json(user)}
        member = self.payloads.full_member(guild, user)
        member["permissions"] = str(int(self.world.user_permissions(guild, user)))
        about = {"id": str(guild.id), "locale": "en-US", "features": []}
        return shown | {"guild_id": about["id"], "guild": about, "guild_locale": "en-US", "member": member}


def _submitted(part: Json, values: Mapping[str, str]) -> Json:
    """What the app sends of one input, checked as the app does."""
    value = values.get(part["label"], values.get(part["custom_id"], part.get("value") or ""))
    assert value or not part.get("required", True), f"{part['label']!r} must be filled in"
    if part["type"] != 4:
        sent: Json = {"type": part["type"], "custom_id": part["custom_id"], "values": [value] if value else []}
    else:
        least, most = part.get("min_length") or 0, part.get("max_length") or 4000
        assert not value or least <= len(value) <= most, f"{part['label']!r} takes {least} to {most} characters"
        sent = {"type": 4, "custom_id": part["custom_id"], "value": value}
    return {"type": 18, "component": sent} if part.get("in_label") else {"type": 1, "components": [sent]}

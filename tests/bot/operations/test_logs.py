"""The logs: JSON or text, a line for each request, no question unless that is set, and never a secret."""

import io
import json
import logging
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import fields
from pathlib import Path
from typing import Any, cast

import pytest

from bot.faults import LOG_FILE, open_log
from bot.operations.logs import Form, form_of, logged, open_logs
from bot.operations.records import CURRENT, Served
from bot.redaction import HIDDEN, Redaction, secrets_of
from bot.settings import Settings, load_settings
from bot.tokens import Tokens, read_tokens

SERVED = Served(
    id="0a1b2c",
    platform="discord",
    command="ask",
    question="May Snap use it?",
    asks_model=True,
    outcome="answered",
    seconds={"queue": 0.0, "search": 0.031, "first_sentence": 1.2, "total": 1.5},
    passages=("transcript/p10/1",),
    model="scripted",
)
TOKENS = Tokens(
    discord="MTIzNDU2.abcdef.ghijklmnop",
    slack_bot="slack-bot-token-1",
    slack_app="slack-app-token-1",
    slack_signing_secret="a-signing-secret",
    slack_client_secret='a client "secret"',
)


@contextmanager
def written(form: Form, redact: Redaction | None = None) -> Iterator[io.StringIO]:
    """What is written while the logs are open."""
    stream = io.StringIO()
    with open_logs(form, redact or Redaction(), stream):
        yield stream


def json_lines(stream: io.StringIO) -> list[dict[str, Any]]:
    return [json.loads(line) for line in stream.getvalue().splitlines()]


def test_a_line_for_each_request_as_json() -> None:
    with written("json") as stream:
        CURRENT.set(SERVED.id)
        logged(questions=False)(SERVED)
        CURRENT.set("")
    (line,) = json_lines(stream)
    assert line.pop("time").endswith("+00:00")
    assert line == {
        "level": "info",
        "logger": "bot.operations.logs",
        "message": "discord ask: answered; seconds: queue 0.00, search 0.03, first sentence 1.20, total 1.50;"
        " cites transcript/p10/1",
        "request": "0a1b2c",
        "platform": "discord",
        "command": "ask",
        "outcome": "answered",
        "seconds": SERVED.seconds,
        "passages": ["transcript/p10/1"],
        "model": "scripted",
    }


def test_a_line_for_each_request_as_text() -> None:
    with written("text") as stream:
        CURRENT.set(SERVED.id)
        logged(questions=False)(SERVED)
        CURRENT.set("")
    assert stream.getvalue()[9:] == (
        "discord ask: answered; seconds: queue 0.00, search 0.03, first sentence 1.20, total 1.50;"
        " cites transcript/p10/1 #0a1b2c\n"
    )


@pytest.mark.parametrize("form", ["json", "text"])
def test_the_question_is_written_only_where_that_is_set(form: Form) -> None:
    with written(form) as stream:
        logged(questions=False)(SERVED)
    assert "Snap" not in stream.getvalue()
    with written(form) as stream:
        logged(questions=True)(SERVED)
    assert "May Snap use it?" in stream.getvalue()


def test_questions_are_not_written_by_default() -> None:
    assert Settings.model_fields["operations"].default.log_questions is False


def test_libraries_are_heard_from_a_warning_on_and_herald_from_an_info_on(monkeypatch: pytest.MonkeyPatch) -> None:
    with written("json") as stream:
        logging.getLogger("some.library").info("chatter")
        monkeypatch.setattr(logging.getLogger("talkative"), "level", logging.DEBUG)
        logging.getLogger("talkative").debug("chatter")
        logging.getLogger("some.library").warning("%s is odd", "that")
        logging.getLogger("bot.serve").info("Connected.")
    assert [(line["logger"], line["message"]) for line in json_lines(stream)] == [
        ("some.library", "that is odd"),
        ("bot.serve", "Connected."),
    ]
    logging.getLogger("bot.serve").warning("too late")
    assert "too late" not in stream.getvalue()


@pytest.mark.parametrize("form", ["json", "text"])
def test_an_exception_is_told_by_its_places_without_its_message(form: Form) -> None:
    with written(form) as stream:
        try:
            raise ValueError(SERVED.question)
        except ValueError:
            logging.getLogger("some.library").exception("a task failed")
    assert "ValueError" in stream.getvalue() and "test_logs.py" in stream.getvalue()
    assert "Snap" not in stream.getvalue()


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def test_auto_is_text_in_a_terminal_and_json_elsewhere() -> None:
    assert form_of("auto", Terminal()) == "text"
    assert form_of("auto", io.StringIO()) == "json"
    assert form_of("json", Terminal()) == "json"


class TestSecrets:
    def test_every_secret_is_known(self, monkeypatch: pytest.MonkeyPatch) -> None:
        for name in ("DISCORD_TOKEN", "SLACK_BOT_TOKEN", "SLACK_APP_TOKEN"):
            monkeypatch.setenv(name, f"the {name}")
        monkeypatch.setenv("HERALD_MODELS__API_KEY", "the api key")
        monkeypatch.setenv("HERALD_MODEL", "http://me:the-password@127.0.0.1:1")
        known = secrets_of(load_settings(), read_tokens())
        assert {"the DISCORD_TOKEN", "the SLACK_BOT_TOKEN", "the SLACK_APP_TOKEN", "the api key"} < set(known)
        assert "the-password" in known
        assert {getattr(TOKENS, field.name) for field in fields(TOKENS)} < set(secrets_of(load_settings(), TOKENS))

    @pytest.mark.parametrize("form", ["json", "text"])
    @pytest.mark.parametrize("name", [field.name for field in fields(Tokens)])
    def test_none_is_in_a_record_of_anyone(self, form: Form, name: str) -> None:
        secret = getattr(TOKENS, name)
        with written(form, Redaction(secrets_of(Settings(), TOKENS))) as stream:
            logging.getLogger("discord.http").warning("401 for %s", {"Authorization": f"Bot {secret}"})
            logging.getLogger("bot.x").info(secret, extra={"fields": {"header": secret}})
            logging.getLogger("asyncio").error("never retrieved", exc_info=(RuntimeError, RuntimeError(secret), None))
        assert secret not in stream.getvalue() and json.dumps(secret)[1:-1] not in stream.getvalue()
        assert HIDDEN in stream.getvalue()
        if form == "json":
            assert len(json_lines(stream)) == 3

    @pytest.mark.parametrize(
        ("text", "left"),
        [
            ("token xoxb-12-34-abc was refused", f"token {HIDDEN} was refused"),
            ("xapp-1-A0-2-cafe", HIDDEN),
            ("Authorization: Bearer abc.def", f"Authorization: Bearer {HIDDEN}"),
            ("http://ann:pass@host:1/v1", f"http://{HIDDEN}@host:1/v1"),
            (f"PATCH webhooks/12/{'t' * 30}/messages", f"PATCH webhooks/{HIDDEN}/messages"),
            (f"POST /interactions/12/{'t' * 30}/callback", f"POST /interactions/{HIDDEN}/callback"),
            ("ordinary words, 12:34, a@b", "ordinary words, 12:34, a@b"),
        ],
    )
    def test_what_has_the_form_of_one_is_hidden_too(self, text: str, left: str) -> None:
        assert Redaction()(text) == left

    def test_empty_and_short_ones_hide_no_words(self) -> None:
        assert Redaction(["", "ask"])("ask away") == "ask away"

    def test_none_is_in_the_log_file(self, tmp_path: Path) -> None:
        root = logging.getLogger()
        before = list(root.handlers)
        try:
            open_log(tmp_path, Redaction([TOKENS.discord]))
            open_log(tmp_path)
            logging.getLogger("discord").warning("refused: %s", TOKENS.discord)
        finally:
            for handler in [it for it in root.handlers if it not in before]:
                root.removeHandler(handler)
                handler.close()
        (line,) = (tmp_path / LOG_FILE).read_text(encoding="utf-8").splitlines()
        assert line.endswith(f"refused: {HIDDEN}")

    def test_it_can_be_given_to_every_log(self) -> None:
        assert cast(object, Redaction(["a-secret"])("x a-secret y")) == f"x {HIDDEN} y"

"""Settings: one frozen object, read once from the environment (`HERALD_…`) and `herald.toml`, all problems at once."""

import os
import re
import tomllib
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

from platformdirs import user_data_path
from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    HttpUrl,
    SecretStr,
    TypeAdapter,
    ValidationError,
    WebsocketUrl,
)
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource, SettingsConfigDict, TomlConfigSettingsSource

from bot.errors import SettingsError
from bot.serving.channels import ChannelPolicy

if TYPE_CHECKING:
    from pydantic_core import ErrorDetails

CONFIG_FILE = Path("herald.toml")
PREFIX = "HERALD_"


def _check_url(value: str) -> str:
    TypeAdapter(HttpUrl).validate_python(value)
    return value.rstrip("/")


def _check_websocket_url(value: str) -> str:
    TypeAdapter(WebsocketUrl).validate_python(value)
    return value


def _ids(value: object) -> str:
    """Ids as they may be written, `123, 456` or a list of texts or numbers, with a space between each."""
    return " ".join(re.findall(r"\w+", str(value)))


Folder = Annotated[Path, AfterValidator(Path.expanduser)]
Url = Annotated[str, AfterValidator(_check_url)]
Ids = Annotated[str, BeforeValidator(_ids)]
WebSocketUrl = Annotated[str, AfterValidator(_check_websocket_url)]


class KnowledgeSettings(BaseModel):
    """What Herald reads and where its index is."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    sources: Path | None = Field(
        default=None, description="A sources.toml of yours: documents to answer from besides Herald's own"
    )
    chroma_url: Url | None = Field(default=None, description="A Chroma server, instead of the index in the data folder")


class ModelSettings(BaseModel):
    """How the language model is run."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    threads: int | None = Field(
        default=None, ge=1, description="CPU threads for the model; by default one for each physical core"
    )
    context_tokens: int | None = Field(
        default=None, ge=512, description="Context window; by default what fits the model"
    )
    queue_limit: int = Field(default=32, ge=1, description="How many questions may wait for the model")
    hub_url: Url = Field(default="https://huggingface.co", description="Where `herald models pull` downloads from")
    api_key: SecretStr | None = Field(default=None, description="Key for an OpenAI-compatible server; environment only")
    server_model: str | None = Field(
        default=None, description="The model's name on that server; by default its first one"
    )


class ServingSettings(BaseModel):
    """How the bot shares itself among those who ask on the chat platforms."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    questions_a_minute: int = Field(default=10, ge=1, description="How many questions one person may ask a minute")
    queue_limit: int = Field(default=200, ge=1, description="How many questions may wait in the platforms' queue")
    parallel: int | None = Field(
        default=None,
        ge=1,
        description="Questions at work at a time; by default 1 for a model in this process, 4 for a server",
    )
    grace_seconds: float = Field(
        default=10.0, ge=0, le=10, description="How long running answers may take to end when Herald is told to stop"
    )


class ChannelSettings(BaseModel):
    """Where the bot speaks on a platform; channels are named by their ids."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    allowed_channels: Ids = Field(
        default="", description="Ids of channels to answer in (123, 456); by default everywhere"
    )
    denied_channels: Ids = Field(default="", description="Ids of channels never to answer in")
    answer_all_channels: Ids = Field(
        default="", description="Ids of channels in which every question is answered, mentioned or not"
    )

    @property
    def policy(self) -> ChannelPolicy:
        """The three lists as the rule that adapters ask."""
        lists = (self.allowed_channels, self.denied_channels, self.answer_all_channels)
        return ChannelPolicy(*(frozenset(ids.split()) for ids in lists))


class DiscordSettings(ChannelSettings):
    """The bot on Discord."""

    threads: bool = Field(default=True, description="Answer a mention in a thread named after the question")
    message_content: bool = Field(
        default=False,
        description="Answer follow-ups in Herald's threads without a mention; needs the Message Content intent",
    )
    api_url: Url | None = Field(default=None, description="Another address of Discord's REST API (…/api/v10): a proxy")
    gateway_url: WebSocketUrl | None = Field(default=None, description="Another address of Discord's gateway: a proxy")


class SlackSettings(ChannelSettings):
    """The bot on Slack."""

    transport: Literal["socket", "http"] = Field(
        default="socket", description="socket (Socket Mode, needs SLACK_APP_TOKEN) or http (needs SLACK_SIGNING_SECRET)"
    )
    host: str = Field(default="127.0.0.1", description="Address to listen on for signed HTTP")
    port: int = Field(default=3000, ge=0, le=65535, description="Port to listen on for signed HTTP")
    api_url: Url | None = Field(
        default=None, description="Another address of Slack's Web API (…/api/): GovSlack, a proxy"
    )
    client_id: str | None = Field(default=None, description="OAuth client id, for an app in several workspaces")


class JournalSettings(BaseModel):
    """The record of questions, answers and votes."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    enabled: bool = Field(default=True, description="Record questions, answers and votes, for `herald journal`")
    retention_days: int = Field(default=90, ge=1, description="How many days a question is kept in the journal")


class OperationsSettings(BaseModel):
    """What an operator sees of `herald serve`: its health, its measures and its logs."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    port: int | None = Field(
        default=None, ge=0, le=65535, description="Port for /healthz, /readyz and /metrics; by default none is opened"
    )
    host: str = Field(default="127.0.0.1", description="Address that this port is opened on")
    logs: Literal["auto", "json", "text"] = Field(
        default="auto", description="Form of the logs on standard error: json, text, or auto (text in a terminal)"
    )
    log_questions: bool = Field(default=False, description="Write the text of questions into the logs")


class Settings(BaseSettings):
    """Everything an operator can set; every field has a default that works on a laptop."""

    model_config = SettingsConfigDict(
        env_prefix=PREFIX, env_nested_delimiter="__", frozen=True, extra="forbid", env_ignore_empty=True
    )

    model: str = Field(
        default="auto", description="auto, a name from `herald models list`, a path to a .gguf, or a server's URL"
    )
    data_dir: Folder = Field(
        default_factory=lambda: user_data_path("herald", appauthor=False),
        description="Folder for the index, models and history; by default the platform's user data folder",
    )
    knowledge: KnowledgeSettings = KnowledgeSettings()
    models: ModelSettings = ModelSettings()
    serving: ServingSettings = ServingSettings()
    discord: DiscordSettings = DiscordSettings()
    slack: SlackSettings = SlackSettings()
    journal: JournalSettings = JournalSettings()
    operations: OperationsSettings = OperationsSettings()

    @property
    def models_dir(self) -> Path:
        """Where pulled models are kept."""
        return self.data_dir / "models"

    @property
    def index_dir(self) -> Path:
        """Where the embedded index is kept."""
        return self.data_dir / "index"

    @property
    def journal_file(self) -> Path:
        """Where questions, answers and votes are recorded."""
        return self.data_dir / "journal.sqlite3"

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Arguments first, then the environment, then `herald.toml` in the current folder."""
        return init_settings, env_settings, TomlConfigSettingsSource(settings_cls, CONFIG_FILE)


def load_settings(**overrides: object) -> Settings:
    """Read the settings; raises SettingsError that names every missing, wrong or unknown one."""
    given = {name: value for name, value in overrides.items() if value is not None}
    try:
        problems = _misplaced_secrets()
        settings = Settings(**given)  # type: ignore[arg-type]
    except ValidationError as error:
        problems += [f"{_variable(item['loc'])}: {_reason(item)}" for item in error.errors(include_input=False)]
    except (OSError, ValueError) as error:
        raise SettingsError(f"{CONFIG_FILE} cannot be read: {error}".replace("\n", " ")) from error
    if problems:
        raise SettingsError("Settings to correct: " + "; ".join(problems) + ".")
    return settings


def _misplaced_secrets() -> list[str]:
    """Secrets in `herald.toml`, which is read by more people, and copied to more places, than an environment."""
    if not CONFIG_FILE.is_file():
        return []
    models = tomllib.loads(CONFIG_FILE.read_text(encoding="utf-8")).get("models")
    found = isinstance(models, dict) and "api_key" in models
    return [f"{_variable(('models', 'api_key'))}: set it in the environment, not in {CONFIG_FILE}"] if found else []


def _reason(problem: "ErrorDetails") -> str:
    unknown = problem["type"] == "extra_forbidden"
    return "there is no such setting" if unknown else problem["msg"].removeprefix("Value error, ")


def unknown_variables() -> list[str]:
    """The `HERALD_…` variables of the environment that no setting reads: most likely typing errors."""
    known = set(describe())
    return sorted(name for name in os.environ if name.startswith(PREFIX) and name not in known)


def describe() -> dict[str, str]:
    """Every setting's environment variable, with what it is for."""
    found: dict[str, str] = {}
    for name, field in Settings.model_fields.items():
        nested = field.annotation
        if isinstance(nested, type) and issubclass(nested, BaseModel):
            for inner, inner_field in nested.model_fields.items():
                found[_variable((name, inner))] = inner_field.description or ""
        else:
            found[_variable((name,))] = field.description or ""
    return found


def _variable(location: tuple[int | str, ...]) -> str:
    return PREFIX + "__".join(str(part) for part in location).upper()

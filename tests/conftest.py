"""What all tests share: the real embedding model, loaded once."""

import pytest

from knowledge.embedding import MiniLMEmbedder
from knowledge.loading import Library


@pytest.fixture(scope="session")
def minilm() -> MiniLMEmbedder:
    """The embedding model of the installed package; loading it takes seconds."""
    return MiniLMEmbedder()


@pytest.fixture(scope="session")
def shipped() -> Library:
    """The documents that come with Herald."""
    return Library.open()

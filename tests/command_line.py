"""Running the command line in this process: what comes of it, as a fixture of `tests/bot/conftest.py` gives it."""

from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True)
class Result:
    """What a run printed, and its exit status."""

    status: int
    out: str
    err: str


Herald = Callable[..., Result]
"""Runs `herald` with these arguments."""

"""Counting the cores that a model may use."""

import os
from pathlib import Path

import pytest

from bot.models.cores import usable_cores


@pytest.fixture
def four_threads(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Two cores of two threads each."""
    monkeypatch.setattr(os, "sched_getaffinity", lambda process: {0, 1, 2, 3}, raising=False)
    for cpu, siblings in enumerate(("0,2", "1,3", "0,2", "1,3")):
        folder = tmp_path / f"cpu{cpu}" / "topology"
        folder.mkdir(parents=True)
        (folder / "thread_siblings_list").write_text(siblings)
    return tmp_path


def test_two_threads_of_a_core_count_once(four_threads: Path) -> None:
    assert usable_cores(four_threads, four_threads / "none") == 2


def test_without_a_topology_each_processor_counts(four_threads: Path) -> None:
    assert usable_cores(four_threads / "none", four_threads / "none") == 4


@pytest.mark.parametrize(("quota", "cores"), [("max 100000", 2), ("100000 100000", 1), ("50000 100000", 1), ("x", 2)])
def test_a_containers_quota_limits(four_threads: Path, quota: str, cores: int) -> None:
    file = four_threads / "cpu.max"
    file.write_text(quota)
    assert usable_cores(four_threads, file) == cores

"""A short soak: mixed traffic, troubles, a bot that is killed and restarted, and nothing lost or doubled."""

from pathlib import Path

import pytest

from bot.app import App
from tests.soak.run import Plan, soak
from tests.soak.tally import Asked, Sample, Tally


def tally(*asked: Asked, samples: list[Sample] | None = None) -> Tally:
    return Tally(asked=list(asked), samples=samples or [])


@pytest.mark.asyncio(loop_scope="session")
async def test_a_short_soak_loses_and_doubles_nothing(app: App, tmp_path: Path) -> None:
    plan = Plan(minutes=2.0, people=2, pause=4.0, every=3.0, index=app.settings.data_dir)
    found = await soak(plan, tmp_path)
    assert found.problems() == [], found.report()
    assert len(found.asked) >= 10
    assert {"kill the bot", "restart the bot", "drop discord"} <= set(found.troubles)


def test_what_must_not_be_is_told() -> None:
    lost = Asked("slack", "mention", 3.0, "Who?")
    doubled = Asked("discord", "/ask", 4.0, "Why?", status=0.1, ended=1.0, copies=1)
    silent = Asked("discord", "/ask", 5.0, "How?", status=20.0, ended=25.0)
    found = tally(lost, doubled, silent)
    assert found.problems() == [
        "lost: slack mention at 3 s: 'Who?'",
        "doubled: discord /ask at 4 s: 'Why?'",
        "silent for 20.0 s: discord /ask at 5 s: 'How?'",
    ]
    assert "| lost | 1 |" in found.report() and "| doubled | 1 |" in found.report()


def test_memory_is_compared_with_that_after_five_minutes() -> None:
    samples = [Sample(10, 100e6, 20), Sample(301, 200e6, 30), Sample(900, 216e6, 31)]
    assert tally(samples=samples).problems() == []
    assert "| memory, end over five minutes | +8.0% |" in tally(samples=samples).report()
    assert tally(samples=[*samples, Sample(905, 222e6, 31)]).problems() == ["memory grew by 11%"]


def test_who_was_hit_by_a_restart_does_not_count_for_the_worst_status() -> None:
    hit = Asked("discord", "mention", 3.0, status=20.0, ended=30.0, troubled=True, interrupted=True)
    assert tally(hit).problems() == []
    assert "Nothing lost, nothing doubled" in tally(hit).report()

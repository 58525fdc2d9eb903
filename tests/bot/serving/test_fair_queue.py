"""The queue in which nobody has two questions at work, and the rate for each asker."""

import asyncio

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.errors import BusyError
from bot.serving.fair_queue import FairQueue, Place, RateLimit


async def places_shown(place: Place, shown: list[int]) -> None:
    async for ahead in place.ahead():
        shown.append(ahead)


class TestFairQueue:
    def test_one_at_work_the_others_in_order(self) -> None:
        queue = FairQueue(1, 10)
        first, second, third = (queue.enter(asker) for asker in "abc")
        assert first.at_work and not second.at_work
        assert (queue.ahead_of(second), queue.ahead_of(third)) == (1, 2)
        first.leave()
        assert second.at_work and queue.ahead_of(third) == 1
        second.leave()
        third.leave()
        assert len(queue) == 0

    def test_nobody_has_two_at_work_while_others_wait(self) -> None:
        queue = FairQueue(2, 10)
        greedy = [queue.enter("greedy") for _ in range(3)]
        other = queue.enter("other")
        assert [place.at_work for place in greedy] == [True, False, False]
        assert other.at_work
        greedy[0].leave()
        assert greedy[1].at_work

    def test_it_is_bounded_with_a_kind_message(self) -> None:
        queue = FairQueue(1, 2)
        for asker in "abc":
            queue.enter(asker)
        with pytest.raises(BusyError, match=r"3 questions are waiting already\. Please ask again in a few minutes\."):
            queue.enter("d")

    async def test_each_change_of_place_is_told_once(self) -> None:
        queue = FairQueue(1, 10)
        places = [queue.enter(asker) for asker in "abcd"]
        shown: list[int] = []
        watching = asyncio.create_task(places_shown(places[3], shown))
        for place in places[:3]:
            await asyncio.sleep(0)
            await asyncio.sleep(0)
            place.leave()
        await watching
        assert shown == [3, 2, 1]

    async def test_who_gives_up_makes_room(self) -> None:
        queue = FairQueue(1, 10)
        first, second, third = (queue.enter(asker) for asker in "abc")
        second.leave()
        assert queue.ahead_of(third) == 1
        first.leave()
        assert third.at_work

    @given(st.integers(1, 3), st.lists(st.tuples(st.sampled_from("abc"), st.booleans()), max_size=30))
    def test_the_rules_hold_whatever_comes(self, parallel: int, steps: list[tuple[str, bool]]) -> None:
        queue = FairQueue(parallel, 5)
        there: list[Place] = []
        for asker, enters in steps:
            if enters:
                try:
                    there.append(queue.enter(asker))
                except BusyError:
                    assert len([place for place in there if not place.at_work]) == 5
            elif there:
                there.pop(len(there) // 2).leave()
            working = [place.asker for place in there if place.at_work]
            assert len(working) <= parallel and len(set(working)) == len(working)
            idle_askers = {place.asker for place in there if not place.at_work} - set(working)
            assert len(working) == parallel or not idle_askers
            assert len(queue) == len(there)


class TestRateLimit:
    def test_so_many_a_minute_for_each(self) -> None:
        rate = RateLimit(2)
        rate.take("a", 0.0)
        rate.take("a", 10.0)
        rate.take("b", 10.0)
        with pytest.raises(BusyError, match=r"more than 2 questions a minute\. Ask again in 45 s, please\."):
            rate.take("a", 15.0)
        rate.take("a", 60.5)
        with pytest.raises(BusyError):
            rate.take("a", 61.0)

    def test_one_a_minute(self) -> None:
        rate = RateLimit(1)
        rate.take("a", 0.0)
        with pytest.raises(BusyError, match=r"more than 1 question a minute\. Ask again in 1 s"):
            rate.take("a", 59.9)

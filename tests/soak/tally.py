"""What was asked during a soak, what came of it, and the report on all of it."""

from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

LONGEST_GROWTH = 0.10
"""By how much memory may grow from its mark, five minutes after the start of the last process, to the end."""
LONGEST_SILENCE = 15.0
"""Seconds to a first sign: a connection that broke, or a platform that asks to wait, takes some of them."""


@dataclass
class Asked:
    """Something that somebody asked for. `status` and `ended` are seconds from then on.

    `refused` is what the platform itself told the asker that it failed, as for a click while the connection broke.
    `count` tells how often it is answered by now, `copies` what that was too often in the end.
    """

    platform: str
    way: str
    at: float
    text: str = ""
    status: float | None = None
    ended: float | None = None
    interrupted: bool = False
    troubled: bool = False
    refused: bool = False
    count: Callable[[], int] | None = None
    copies: int = 0

    def close(self) -> None:
        """See whether it was answered more than once, now that nothing more is to come."""
        if self.count is not None:
            self.copies = max(0, self.count() - 1)


@dataclass
class Sample:
    """What a process uses at a moment, in seconds from its start."""

    at: float
    memory: float
    handles: float


@dataclass
class Tally:
    """Everything that a soak saw; `samples` are of the last process of the bot."""

    asked: list[Asked] = field(default_factory=list)
    samples: list[Sample] = field(default_factory=list)
    troubles: Counter[str] = field(default_factory=Counter)
    violations: list[str] = field(default_factory=list)
    outcomes: Counter[str] = field(default_factory=Counter)
    warnings: Counter[str] = field(default_factory=Counter)
    faults: list[str] = field(default_factory=list)
    seconds: float = 0.0

    @property
    def losses(self) -> list[Asked]:
        """What got no answer, and no line that says why."""
        return [one for one in self.asked if one.ended is None]

    @property
    def doubles(self) -> list[Asked]:
        """What was answered more than once."""
        return [one for one in self.asked if one.copies]

    @property
    def worst_status(self) -> float:
        """The longest that somebody waited for a first sign, while there was a bot."""
        return self.most_silent.status or 0.0

    @property
    def most_silent(self) -> Asked:
        """Who waited longest for a first sign, while there was a bot."""
        seen = (one for one in self.asked if one.status is not None and not one.troubled)
        return max(seen, key=lambda one: one.status or 0.0, default=Asked("nobody", "", 0.0))

    @property
    def growth(self) -> float:
        """How much memory grew from the mark to the end, as a share; 0 where there was no time for a mark."""
        mark, end = self.mark, self.samples[-1] if self.samples else None
        return end.memory / mark.memory - 1 if mark is not None and end is not None and mark.memory else 0.0

    @property
    def mark(self) -> Sample | None:
        """The first sample after five minutes of the last process."""
        return next((sample for sample in self.samples if sample.at >= 300), None)

    def problems(self) -> list[str]:
        """What must not be."""
        found = [f"lost: {_told(one)}" for one in self.losses]
        found += [f"doubled: {_told(one)}" for one in self.doubles]
        found += [f"rule broken: {violation}" for violation in self.violations]
        found += [f"fault: {fault}" for fault in self.faults]
        if self.growth > LONGEST_GROWTH:
            found.append(f"memory grew by {self.growth:.0%}")
        if self.worst_status > LONGEST_SILENCE:
            found.append(f"silent for {self.worst_status:.1f} s: {_told(self.most_silent)}")
        return found

    def report(self) -> str:
        """All of it, as a table and lists."""
        rows = [*self._rows(), *self._resources()]
        lines = ["| what | measured |", "|---|---:|", *(f"| {name} | {value} |" for name, value in rows)]
        for title, counted in (
            ("asked", Counter(f"{one.platform} {one.way}" for one in self.asked)),
            ("troubles", self.troubles),
            ("outcomes (of the last process)", self.outcomes),
            ("warnings", self.warnings),
        ):
            lines.append(f"\n{title}: " + (", ".join(_counts(counted)) or "none"))
        problems = self.problems()
        return "\n".join([*lines, "", *(problems or ["Nothing lost, nothing doubled, no rule broken."])])

    def _rows(self) -> Iterable[tuple[str, object]]:
        ended = [one.ended for one in self.asked if one.ended is not None and not one.troubled]
        yield "minutes", f"{self.seconds / 60:.1f}"
        yield "questions, commands and clicks", len(self.asked)
        yield "answered", len(self.asked) - len(self.losses)
        yield "of them told that a restart interrupted it", sum(one.interrupted for one in self.asked)
        yield "of them told by the platform that the bot did not react", sum(one.refused for one in self.asked)
        yield "lost", len(self.losses)
        yield "doubled", len(self.doubles)
        yield "worst time to a first sign, s", f"{self.worst_status:.2f} ({_told(self.most_silent)})"
        yield "median and worst time to the end, s", f"{_median(ended):.1f}, {max(ended, default=0):.1f}"

    def _resources(self) -> Iterable[tuple[str, object]]:
        for name, sample in (
            ("start", self.samples[0] if self.samples else None),
            ("after five minutes", self.mark),
            ("end", self.samples[-1] if self.samples else None),
        ):
            yield (
                f"memory and file handles, {name}",
                f"{sample.memory / 1e6:.0f} MB, {sample.handles:.0f}" if sample else "–",
            )
        yield "memory, end over five minutes", f"{self.growth:+.1%}" if self.mark else "–"


def _told(one: Asked) -> str:
    return f"{one.platform} {one.way} at {one.at:.0f} s: {one.text!r}"


def _median(values: list[float]) -> float:
    return sorted(values)[len(values) // 2] if values else 0.0


def _counts(counted: Counter[str]) -> list[str]:
    return [f"{name} {number}" for name, number in counted.most_common()]

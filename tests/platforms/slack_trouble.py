"""The trouble that a test can make, and the time that it can let pass."""

from tests.platforms.slack_faults import Fault, Gate
from tests.platforms.slack_platform import Platform
from tests.platforms.slack_world import Team

NO_STREAMING = "feature_not_enabled"


class Trouble:
    """The platform's bad days, as a SlackServer offers them."""

    platform: Platform

    def fail(self, method: str, error: str, times: int | None = None) -> None:
        """Lets a method answer with an error, always or so many times."""
        self.platform.faults.add(method, Fault(times, error=error))

    def fail_http(self, method: str, status: int, times: int | None = 1) -> None:
        """Lets a method answer with an HTTP status and a page of HTML."""
        self.platform.faults.add(method, Fault(times, status=status))

    def rate_limit(self, method: str, times: int = 1, retry_after: int = 0) -> None:
        """Lets a method answer 429, asking the app to wait so many (real) seconds."""
        self.platform.faults.add(method, Fault(times, retry_after=retry_after))

    def drop_calls(self, method: str, times: int = 1) -> None:
        """Breaks the connection of a method's next calls."""
        self.platform.faults.add(method, Fault(times, drop=True))

    def hold(self, method: str) -> Gate:
        """Lets a method's calls wait until the gate's `release()`; `waiting` counts them."""
        return self.platform.faults.hold(method)

    def disallow_streaming(self, error: str = NO_STREAMING) -> None:
        """Refuses streams, as plans and workspaces without the feature do."""
        self.fail("chat.startStream", error)

    def heal(self, method: str | None = None) -> None:
        """Ends the trouble with a method, or all of it."""
        self.platform.faults.heal(method)

    def revoke(self, team: Team) -> None:
        """A team's token dies without a word."""
        team.installed = False

    def now(self) -> float:
        """The server's time, in seconds since the epoch."""
        return self.platform.clock.now()

    async def advance(self, seconds: float) -> None:
        """Lets time pass without anyone waiting for it."""
        await self.platform.clock.advance(seconds)
        self.platform.changes.notify()

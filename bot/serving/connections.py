"""Which platforms the bot is connected to, as their adapters tell it."""

from collections import Counter


class Connections:
    """The state of each platform's connection; `losses` counts how often one was lost."""

    def __init__(self) -> None:
        self._connected: dict[str, bool] = {}
        self.losses: Counter[str] = Counter()

    def expect(self, *platforms: str) -> None:
        """These platforms are to be served; they are not connected yet."""
        for platform in platforms:
            self._connected.setdefault(platform, False)

    def up(self, platform: str) -> None:
        """The bot is connected to a platform: its events arrive."""
        self._connected[platform] = True

    def down(self, platform: str) -> None:
        """The connection is lost, or given up; telling so again changes nothing."""
        if self._connected.get(platform):
            self.losses[platform] += 1
        self._connected[platform] = False

    @property
    def states(self) -> dict[str, bool]:
        """Each expected platform, and whether it is connected."""
        return dict(self._connected)

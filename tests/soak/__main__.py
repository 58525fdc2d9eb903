"""`python -m tests.soak --minutes 30 [--llama]`: mixed traffic on the local Discord and Slack against `herald serve`.

People mention the bot, use commands, follow up, press buttons and stop answers, while connections drop, limits are hit,
events come twice, and processes are killed and started again. It ends with a report, and with exit status 1 if
anything was lost or doubled, a platform's rule was broken, or memory grew.
"""

import argparse
import asyncio
import signal
import sys
import tempfile
from collections.abc import Coroutine
from pathlib import Path

from tests.soak.run import Plan, soak
from tests.soak.tally import Tally


def main() -> int:
    """Read the options, run the soak, print its report."""
    parser = argparse.ArgumentParser(prog="python -m tests.soak", description=__doc__)
    parser.add_argument("--minutes", type=float, default=2.0, help="how long people go on asking")
    parser.add_argument("--people", type=int, default=3, help="how many on each platform")
    parser.add_argument("--llama", action="store_true", help="a llama server writes, and is killed now and then")
    parser.add_argument("--seed", type=int, default=1, help="the same seed does much the same")
    parser.add_argument("--keep", type=Path, help="a folder to keep the data and the log in")
    options = parser.parse_args()
    plan = Plan(options.minutes, options.people, llama=options.llama, seed=options.seed)
    with tempfile.TemporaryDirectory() as temporary:
        folder = options.keep or Path(temporary)
        folder.mkdir(parents=True, exist_ok=True)
        try:
            tally = asyncio.run(_until_told(soak(plan, folder)))
        except (asyncio.CancelledError, KeyboardInterrupt):
            print("Ended before its time: all processes were stopped, there is no report.", file=sys.stderr)
            return 130
    print(tally.report())
    return 1 if tally.problems() else 0


async def _until_told(running: Coroutine[None, None, Tally]) -> Tally:
    """Run it; SIGTERM ends it as Ctrl-C does, so that no process of it is left behind."""
    task = asyncio.ensure_future(running)
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, task.cancel)
    return await task


if __name__ == "__main__":
    sys.exit(main())

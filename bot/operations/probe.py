"""`python -m bot.operations.probe [healthz|readyz]`: asks the bot on this machine; exit status 0 if it is well.

For a container's health check, where there is no curl.
"""

import sys
import urllib.error
import urllib.request

from bot.errors import HeraldError
from bot.settings import OperationsSettings, load_settings

_PATIENCE = 5.0  # seconds
_ANYWHERE = {"0.0.0.0": "127.0.0.1", "::": "::1"}
_NO_PROXY = urllib.request.ProxyHandler({})


def ask(settings: OperationsSettings, page: str) -> tuple[bool, str]:
    """Whether all is well on a page of the port that is set, and what it says."""
    if settings.port is None:
        return False, "HERALD_OPERATIONS__PORT is not set"
    host = _ANYWHERE.get(settings.host, settings.host)
    url = f"http://{f'[{host}]' if ':' in host else host}:{settings.port}/{page}"
    try:
        with urllib.request.build_opener(_NO_PROXY).open(url, timeout=_PATIENCE) as response:
            return True, response.read().decode()
    except urllib.error.HTTPError as error:
        with error:
            return False, error.read().decode(errors="replace")
    except OSError as error:
        return False, f"{url} cannot be reached ({type(error).__name__})"


def main(pages: list[str]) -> int:
    """Ask for each page, print what is said, and return the exit status."""
    try:
        settings = load_settings().operations
    except HeraldError as error:
        print(error)
        return 1
    answers = [ask(settings, page) for page in pages or ["healthz"]]
    for _, said in answers:
        print(said)
    return 0 if all(well for well, _ in answers) else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

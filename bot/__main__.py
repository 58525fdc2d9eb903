"""`python -m bot` is `herald`; the command line is imported where Ctrl-C is already heard."""

import sys


def main() -> None:
    """Run the command line."""
    try:
        from bot import cli
    except KeyboardInterrupt:
        sys.exit(130)
    cli.main()


if __name__ == "__main__":
    main()

"""Which Herald this is."""


def version() -> str:
    """The installed version."""
    from importlib import metadata  # imported here: it takes a while, and few commands need it

    try:
        return metadata.version("herald-bot")
    except metadata.PackageNotFoundError:
        return "(not installed)"

"""certifi without its certificates: TLS is the host's, which has its own."""

__version__ = "2026.10.19"


def where() -> str:
    """A file that is never read."""
    return "/dev/null"


def contents() -> str:
    """No certificates."""
    return ""

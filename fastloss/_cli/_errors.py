"""The one exception that a command shows its user."""


class CommandError(Exception):
    """What went wrong and what to do, in one line; the process ends with exit status 2."""

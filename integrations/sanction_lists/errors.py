"""Why a list is not taken. Nothing is changed by any of these; the message is for a person."""


class ListUnreadable(Exception):
    """The file is cut short, corrupted, or not this list."""


class ListUnreachable(Exception):
    """The source did not answer, or answered something else than a file. It is tried again later."""

"""Why a file is not taken for a list."""


class ListUnreadable(Exception):
    """The file is cut short, corrupted, or not this list. Nothing is changed by it; the message is for a person."""

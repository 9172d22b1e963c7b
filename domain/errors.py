"""What the house answers when it says no: one exception, one stable code, one Spanish sentence."""

from __future__ import annotations


class Refused(Exception):
    """A request that a rule of the house turns down. Nothing was changed.

    `code` is stable and in English capitals (clients may branch on it); `message` is Spanish for the person and says
    what to do; `field` names the input at fault; `status` is the HTTP status that the API answers with.
    """

    status = 422

    def __init__(self, code: str, message: str, *, field: str | None = None) -> None:
        """Keep the answer's parts; `message` is what the person reads."""
        super().__init__(message)
        self.code = code
        self.message = message
        self.field = field


class Invalid(Refused):
    """The input itself is wrong: type, length, range, sum."""

    status = 422


class Conflict(Refused):
    """The input is right, but the present state does not allow it."""

    status = 409


class Forbidden(Refused):
    """This person may not do this."""

    status = 403


class Missing(Refused):
    """There is no such thing, or it is not this person's to see."""

    status = 404


class Unavailable(Refused):
    """A part of the house does not answer now. Nothing is lost: the same request with the same key may be repeated."""

    status = 503

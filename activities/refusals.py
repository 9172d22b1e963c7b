"""How a rule's refusal leaves an activity: final, benign, with its code for the caller."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from temporalio.exceptions import ApplicationError, ApplicationErrorCategory

from domain.errors import Refused


@contextmanager
def refusals() -> Iterator[None]:
    """Turn a Refused into an error that is not retried and that tells what the domain said."""
    try:
        yield
    except Refused as refused:
        details = {"status": refused.status, "field": refused.field}
        raise ApplicationError(
            refused.message, details, type=refused.code, non_retryable=True, category=ApplicationErrorCategory.BENIGN
        ) from refused

"""Sign-ins: sessions of users and clients, known by the hash of their token, and the lock after failed attempts."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, bindparam, case, delete, func, or_, select, update
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import load_only

from db.tables import Client, CompanyPerson, PushSubscription, Session, User
from domain.errors import Refused

# The channel that tells every API process to close the sockets of a session that has ended.
ENDED_CHANNEL = "sessions_ended"
MAX_FAILURES = 5
Account = User | Client | CompanyPerson
LOCK = timedelta(minutes=15)


class Locked(Refused):
    """Too many failed attempts on this account. `until` is when it may try again."""

    status = 429

    def __init__(self, until: datetime, now: datetime) -> None:
        """Say how many minutes are left."""
        minutes = max(1, -(-int((until - now).total_seconds()) // 60))
        super().__init__("ACCOUNT_LOCKED", f"Por seguridad bloqueamos esta cuenta. Intenta de nuevo en {minutes} min.")
        self.retry_after = max(1, int((until - now).total_seconds()))


@dataclass(frozen=True, kw_only=True)
class SignedIn:
    """A live session with whose it is: exactly one of `user` and `client`, in what a request asks of them.

    `person`: who of a company's people is in; None when it is the company's own sign-in.
    """

    session: Session
    user: User | None = None
    client: Client | None = None
    person: CompanyPerson | None = None


def token_hash(token: str) -> str:
    """What the database keeps of a token: whoever reads the table can sign in as nobody."""
    return hashlib.sha256(token.encode()).hexdigest()


async def start(
    session: AsyncSession,
    *,
    token: str,
    now: datetime,
    expires_at: datetime,
    user_id: int | None = None,
    client_id: int | None = None,
    person_id: int | None = None,
) -> Session:
    """Open a session of a user, a client or a person of it. It never outlives `expires_at`, however much it is used."""
    row = Session(
        token_hash=token_hash(token),
        user_id=user_id,
        client_id=client_id,
        person_id=person_id,
        last_seen_at=now,
        expires_at=expires_at,
    )
    session.add(row)
    await session.flush()
    return row


async def find(session: AsyncSession, token: str) -> SignedIn | None:
    """The session of this token with its person, ended or not; None when there is none."""
    row = (await session.execute(_BY_TOKEN, {"hash": token_hash(token)})).one_or_none()
    return _signed(row) if row else None


# Asked at every request: composing a statement anew costs as much as carrying it out, and so does a client's whole row.
_WHOSE = (
    select(Session, User, Client, CompanyPerson)
    .outerjoin(User, User.id == Session.user_id)
    .outerjoin(Client, Client.id == Session.client_id)
    .outerjoin(CompanyPerson, CompanyPerson.id == Session.person_id)
    .where(Session.ended_at.is_(None))
    .options(
        load_only(Session.id, Session.last_seen_at, Session.expires_at, raiseload=True),
        load_only(
            *(User.id, User.username, User.full_name, User.email, User.role, User.status, User.must_change_password),
            raiseload=True,
        ),
        load_only(
            *(Client.id, Client.document_number, Client.requires_password_change, Client.closed_at), raiseload=True
        ),
    )
)
_BY_TOKEN = _WHOSE.where(Session.token_hash == bindparam("hash"))


def _signed(row: Any) -> SignedIn:
    return SignedIn(session=row[0], user=row[1], client=row[2], person=row[3])


async def by_ids(session: AsyncSession, ids: Iterable[int]) -> Sequence[SignedIn]:
    """These sessions with their people, those not ended."""
    wanted = _WHOSE.where(Session.id.in_(list(ids)))
    return [_signed(row) for row in (await session.execute(wanted)).all()]


async def touch(session: AsyncSession, session_id: int, now: datetime) -> None:
    """It is in use."""
    await session.execute(update(Session).where(Session.id == session_id).values(last_seen_at=now))


async def end(session: AsyncSession, session_ids: Iterable[int], now: datetime) -> int:
    """End these sessions, with the pushes that they asked for; answers how many were open.

    Their sockets close when the transaction commits.
    """
    return await _end(session, now, Session.id.in_(list(session_ids)))


async def end_of_user(session: AsyncSession, user_id: int, now: datetime, *, keep: int | None = None) -> int:
    """End every session of a user, but `keep`."""
    return await _end(session, now, Session.user_id == user_id, Session.id.is_distinct_from(keep))


async def end_of_person(session: AsyncSession, person_id: int, now: datetime, *, keep: int | None = None) -> int:
    """End every session of a person of a company, but `keep`."""
    return await _end(session, now, Session.person_id == person_id, Session.id.is_distinct_from(keep))


async def end_of_client(session: AsyncSession, client_id: int, now: datetime, *, keep: int | None = None) -> int:
    """End every session of a client, but `keep`, with the pushes of every device but its own."""
    others = (PushSubscription.client_id == client_id, PushSubscription.session_id.is_distinct_from(keep))
    await session.execute(delete(PushSubscription).where(*others))
    return await _end(session, now, Session.client_id == client_id, Session.id.is_distinct_from(keep))


async def of_user(session: AsyncSession, user_id: int, now: datetime, idle: timedelta) -> Sequence[Session]:
    """The live sessions of a user, newest first."""
    return await _live(session, now, idle, Session.user_id == user_id)


async def of_client(session: AsyncSession, client_id: int, now: datetime, idle: timedelta) -> Sequence[Session]:
    """The live sessions of a client, newest first."""
    return await _live(session, now, idle, Session.client_id == client_id)


async def _live(session: AsyncSession, now: datetime, idle: timedelta, whose: ColumnElement[bool]) -> Sequence[Session]:
    alive = (Session.ended_at.is_(None), Session.expires_at > now, Session.last_seen_at > now - idle)
    return (await session.scalars(select(Session).where(whose, *alive).order_by(Session.last_seen_at.desc()))).all()


async def count_attempt(session: AsyncSession, account: Account, now: datetime) -> datetime | None:
    """Count an attempt *before* the password is looked at, so that a thousand at once are not a thousand guesses.

    Commit, look at the password, then call `attempt_failed` or `attempt_succeeded`. Answers until when the account is
    locked, or None when the attempt may go on.
    """
    row = type(account)
    fresh = or_(row.locked_until.is_(None), row.locked_until <= now)
    counted = case((row.locked_until.is_not(None), 1), else_=row.failed_attempts + 1)
    # Beyond the last allowed attempt the lock is set here: those before it may still be waiting for their answer.
    lock = case((counted > MAX_FAILURES, now + LOCK), else_=None)
    values = {"failed_attempts": counted, "locked_until": lock}
    await session.execute(update(row).where(row.id == account.id, fresh).values(values))
    until: datetime | None = await session.scalar(select(row.locked_until).where(row.id == account.id))
    return until


async def attempt_failed(session: AsyncSession, account: Account, now: datetime) -> None:
    """The password was wrong: the fifth in a row locks the account for 15 minutes."""
    row = type(account)
    last = (row.id == account.id, row.failed_attempts >= MAX_FAILURES, row.locked_until.is_(None))
    await session.execute(update(row).where(*last).values(locked_until=now + LOCK))


async def attempt_succeeded(session: AsyncSession, account: Account) -> None:
    """The password was right: the count starts again."""
    row = type(account)
    await session.execute(update(row).where(row.id == account.id).values(failed_attempts=0, locked_until=None))


async def attempt_taken_back(session: AsyncSession, account: Account) -> None:
    """The password was right but more is asked: the count stays as it was before, so that it hides no wrong codes."""
    row = type(account)
    less = func.greatest(row.failed_attempts - 1, 0)
    await session.execute(update(row).where(row.id == account.id).values(failed_attempts=less))


async def _end(session: AsyncSession, now: datetime, *which: object) -> int:
    ending = update(Session).where(*which, Session.ended_at.is_(None)).values(ended_at=now).returning(Session.id)  # type: ignore[arg-type]
    ended = (await session.scalars(ending)).all()
    await session.execute(delete(PushSubscription).where(PushSubscription.session_id.in_(ended)))
    for session_id in ended:
        await session.execute(select(func.pg_notify(ENDED_CHANNEL, str(session_id))))
    return len(ended)

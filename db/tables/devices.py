"""Which devices each client has used: what tells that several clients are behind one telephone."""

from __future__ import annotations

from sqlalchemy import BigInteger, ForeignKey
from sqlalchemy.orm import Mapped, mapped_column

from db.tables.base import Base, Now, Words


class ClientDevice(Base):
    """A device that took this client's pushes at some time. Kept as a hash, also after it is somebody else's."""

    __tablename__ = "client_devices"

    client_id: Mapped[int] = mapped_column(BigInteger, ForeignKey("clients.id"), primary_key=True, autoincrement=False)
    device: Mapped[Words] = mapped_column(primary_key=True, index=True)
    first_seen_at: Mapped[Now]

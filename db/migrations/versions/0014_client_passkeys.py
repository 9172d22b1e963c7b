"""passkeys of clients

Revision ID: 0014
Revises: 0013
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = '0014'
down_revision = '0013'
branch_labels = None
depends_on = None


def passkeys(name: str, owner: str, owners: str) -> None:
    op.create_table(
        name,
        sa.Column('id', sa.BigInteger(), nullable=False),
        sa.Column(owner, sa.BigInteger(), nullable=False),
        sa.Column('credential_id', sa.LargeBinary(), nullable=False),
        sa.Column('public_key', sa.LargeBinary(), nullable=False),
        sa.Column('sign_count', sa.BigInteger(), server_default='0', nullable=False),
        sa.Column('name', sa.Text(), nullable=False),
        sa.Column('created_at', sa.DateTime(timezone=True), server_default=sa.text('now()'), nullable=False),
        sa.Column('last_used_at', sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint([owner], [f'{owners}.id'], name=op.f(f'fk_{name}_{owner}')),
        sa.PrimaryKeyConstraint('id', name=op.f(f'pk_{name}')),
        sa.UniqueConstraint('credential_id', name=op.f(f'uq_{name}_credential_id')),
    )
    op.create_index(op.f(f'ix_{name}_{owner}'), name, [owner], unique=False)


def upgrade() -> None:
    passkeys('client_passkeys', 'client_id', 'clients')


def downgrade() -> None:
    op.drop_table('client_passkeys')

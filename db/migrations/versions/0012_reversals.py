"""operations that are undone after they were completed

Revision ID: 0012
Revises: 0011
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = '0012'
down_revision = '0011'
branch_labels = None
depends_on = None

KINDS = "kind IN ('beneficio', 'canje', 'manual', 'reverso')"
KINDS_BEFORE = "kind IN ('beneficio', 'canje', 'manual')"


def upgrade() -> None:
    op.create_table(
        'reversals',
        sa.Column('id', sa.BigInteger(), nullable=False),
        sa.Column('operation_code', sa.Text(), nullable=False),
        sa.Column(
            'state',
            sa.Enum('Solicitada', 'Aprobada', 'Negada', 'Hecha', name='state', native_enum=False,
                    create_constraint=True, length=40),
            nullable=False,
        ),
        sa.Column('reason', sa.Text(), nullable=False),
        sa.Column('requested_by', sa.BigInteger(), nullable=False),
        sa.Column('requested_at', sa.DateTime(timezone=True), server_default=sa.text('now()'), nullable=False),
        sa.Column('decided_by', sa.BigInteger(), nullable=True),
        sa.Column('decided_at', sa.DateTime(timezone=True), nullable=True),
        sa.Column('decision', sa.Text(), server_default='', nullable=False),
        sa.Column('void_id', sa.BigInteger(), nullable=True),
        sa.Column('outcome', sa.Text(), server_default='', nullable=False),
        sa.Column('ended_at', sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint('decided_by <> requested_by', name=op.f('ck_reversals_two_people')),
        sa.ForeignKeyConstraint(['operation_code'], ['operations.code'], name=op.f('fk_reversals_operation_code')),
        sa.ForeignKeyConstraint(['requested_by'], ['users.id'], name=op.f('fk_reversals_requested_by')),
        sa.ForeignKeyConstraint(['decided_by'], ['users.id'], name=op.f('fk_reversals_decided_by')),
        sa.ForeignKeyConstraint(['void_id'], ['invoice_voids.id'], name=op.f('fk_reversals_void_id')),
        sa.PrimaryKeyConstraint('id', name=op.f('pk_reversals')),
    )
    op.create_index(op.f('ix_reversals_operation_code'), 'reversals', ['operation_code'])
    op.create_index(
        'uq_reversals_standing', 'reversals', ['operation_code'], unique=True,
        postgresql_where=sa.text("state <> 'Negada'"),
    )
    op.drop_constraint(op.f('ck_referral_ledger_kind'), 'referral_ledger', type_='check')
    op.create_check_constraint(op.f('ck_referral_ledger_kind'), 'referral_ledger', KINDS)


def downgrade() -> None:
    op.drop_constraint(op.f('ck_referral_ledger_kind'), 'referral_ledger', type_='check')
    op.create_check_constraint(op.f('ck_referral_ledger_kind'), 'referral_ledger', KINDS_BEFORE)
    op.drop_table('reversals')

"""codes of a telephone, spare codes and passkeys of the people of the house, and who has read which notes"""

from __future__ import annotations

from datetime import datetime

import sqlalchemy as sa
from alembic import op
revision = '0010'
down_revision = '0009'
branch_labels = None
depends_on = None


def now(name: str) -> sa.Column[datetime]:
    return sa.Column(name, sa.DateTime(timezone=True), server_default=sa.text('now()'), nullable=False)


def instant(name: str) -> sa.Column[datetime]:
    return sa.Column(name, sa.DateTime(timezone=True), nullable=True)


def upgrade() -> None:
    op.create_table('user_totp',
    sa.Column('user_id', sa.BigInteger(), autoincrement=False, nullable=False),
    sa.Column('sealed_secret', sa.Text(), nullable=False),
    sa.Column('last_step', sa.BigInteger(), server_default='0', nullable=False),
    now('created_at'),
    instant('confirmed_at'),
    sa.ForeignKeyConstraint(['user_id'], ['users.id'], name=op.f('fk_user_totp_user_id')),
    sa.PrimaryKeyConstraint('user_id', name=op.f('pk_user_totp'))
    )
    op.create_table('user_recovery_codes',
    sa.Column('id', sa.BigInteger(), nullable=False),
    sa.Column('user_id', sa.BigInteger(), nullable=False),
    sa.Column('code_hash', sa.Text(), nullable=False),
    instant('used_at'),
    sa.ForeignKeyConstraint(['user_id'], ['users.id'], name=op.f('fk_user_recovery_codes_user_id')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_user_recovery_codes')),
    sa.UniqueConstraint('code_hash', name=op.f('uq_user_recovery_codes_code_hash'))
    )
    op.create_index(op.f('ix_user_recovery_codes_user_id'), 'user_recovery_codes', ['user_id'], unique=False)
    op.create_table('user_passkeys',
    sa.Column('id', sa.BigInteger(), nullable=False),
    sa.Column('user_id', sa.BigInteger(), nullable=False),
    sa.Column('credential_id', sa.LargeBinary(), nullable=False),
    sa.Column('public_key', sa.LargeBinary(), nullable=False),
    sa.Column('sign_count', sa.BigInteger(), server_default='0', nullable=False),
    sa.Column('name', sa.Text(), nullable=False),
    now('created_at'),
    instant('last_used_at'),
    sa.ForeignKeyConstraint(['user_id'], ['users.id'], name=op.f('fk_user_passkeys_user_id')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_user_passkeys')),
    sa.UniqueConstraint('credential_id', name=op.f('uq_user_passkeys_credential_id'))
    )
    op.create_index(op.f('ix_user_passkeys_user_id'), 'user_passkeys', ['user_id'], unique=False)
    op.create_table('note_readings',
    sa.Column('operation_code', sa.Text(), nullable=False),
    sa.Column('user_id', sa.BigInteger(), nullable=False),
    sa.Column('last_note_id', sa.BigInteger(), nullable=False),
    now('at'),
    sa.ForeignKeyConstraint(['operation_code'], ['operations.code'], name=op.f('fk_note_readings_operation_code')),
    sa.ForeignKeyConstraint(['user_id'], ['users.id'], name=op.f('fk_note_readings_user_id')),
    sa.PrimaryKeyConstraint('operation_code', 'user_id', name=op.f('pk_note_readings'))
    )


def downgrade() -> None:
    op.drop_table('note_readings')
    op.drop_table('user_passkeys')
    op.drop_table('user_recovery_codes')
    op.drop_table('user_totp')

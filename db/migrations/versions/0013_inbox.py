"""what a client has read and does not want to hear, and the session that a push subscription ends with

Revision ID: 0013
Revises: 0012
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = '0013'
down_revision = '0012'
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column('clients', sa.Column('notices_read_to', sa.BigInteger(), server_default='0', nullable=False))
    op.add_column(
        'clients',
        sa.Column('muted_notices', postgresql.ARRAY(sa.Text()), server_default='{}', nullable=False),
    )
    # What was told before there was a bell is no news.
    op.execute("UPDATE clients SET notices_read_to = (SELECT coalesce(max(id), 0) FROM notifications)")
    op.add_column('push_subscriptions', sa.Column('session_id', sa.BigInteger(), nullable=True))
    op.create_foreign_key(
        op.f('fk_push_subscriptions_session_id'), 'push_subscriptions', 'sessions', ['session_id'], ['id']
    )
    op.create_index(op.f('ix_push_subscriptions_session_id'), 'push_subscriptions', ['session_id'])


def downgrade() -> None:
    op.drop_index(op.f('ix_push_subscriptions_session_id'), table_name='push_subscriptions')
    op.drop_constraint(op.f('fk_push_subscriptions_session_id'), 'push_subscriptions', type_='foreignkey')
    op.drop_column('push_subscriptions', 'session_id')
    op.drop_column('clients', 'muted_notices')
    op.drop_column('clients', 'notices_read_to')

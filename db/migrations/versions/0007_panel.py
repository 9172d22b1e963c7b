"""the panel's lists: by day, by amount, and what ended today"""

from __future__ import annotations

from alembic import op
revision = '0007'
down_revision = '0003'
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_index('ix_operations_created', 'operations', ['created_at', 'id'])
    op.create_index('ix_operations_finished', 'operations', ['finished_at'])
    op.create_index('ix_operations_usd', 'operations', ['amount_usd', 'id'])


def downgrade() -> None:
    op.drop_index('ix_operations_usd', table_name='operations')
    op.drop_index('ix_operations_finished', table_name='operations')
    op.drop_index('ix_operations_created', table_name='operations')

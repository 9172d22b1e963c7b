"""when the link of a mail was followed, and what the pages of a full house need to find at once"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = '0011'
down_revision = '0010'
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column('deliveries', sa.Column('opened_at', sa.DateTime(timezone=True), nullable=True))
    op.create_index('ix_deliveries_refused', 'deliveries', ['id'], postgresql_where=sa.text("status = 'rechazado'"))
    op.create_index('ix_operations_attention', 'operations', ['id'], postgresql_where=sa.text("attention <> ''"))
    op.create_index('ix_clients_review', 'clients', ['kyc_status', 'id'])
    op.create_index('ix_clients_created', 'clients', ['created_at'])


def downgrade() -> None:
    op.drop_index('ix_clients_created', table_name='clients')
    op.drop_index('ix_clients_review', table_name='clients')
    op.drop_index('ix_operations_attention', table_name='operations')
    op.drop_index('ix_deliveries_refused', table_name='deliveries')
    op.drop_column('deliveries', 'opened_at')

"""the panel's lists: by day, by amount, what ended today, and parts of a code, a name or an e-mail"""

from __future__ import annotations

from alembic import op
revision = '0007'
down_revision = '0006'
branch_labels = None
depends_on = None


NAME = "((((((company_name || ' ') || given_names) || ' ') || paternal_surname) || ' ') || maternal_surname)"


def upgrade() -> None:
    # A trusted extension: the owner of the database may create it.
    op.execute('CREATE EXTENSION IF NOT EXISTS pg_trgm')
    op.execute('CREATE INDEX ix_operations_code_parts ON operations USING gin (code gin_trgm_ops)')
    op.execute(f'CREATE INDEX ix_clients_name_parts ON clients USING gin ({NAME} gin_trgm_ops)')
    op.execute('CREATE INDEX ix_clients_email_parts ON clients USING gin (email gin_trgm_ops)')
    op.create_index('ix_operations_created', 'operations', ['created_at', 'id'])
    op.create_index('ix_operations_finished', 'operations', ['finished_at'])
    op.create_index('ix_operations_usd', 'operations', ['amount_usd', 'id'])


def downgrade() -> None:
    op.drop_index('ix_clients_email_parts', table_name='clients')
    op.drop_index('ix_clients_name_parts', table_name='clients')
    op.drop_index('ix_operations_code_parts', table_name='operations')
    op.drop_index('ix_operations_usd', table_name='operations')
    op.drop_index('ix_operations_finished', table_name='operations')
    op.drop_index('ix_operations_created', table_name='operations')

"""people of companies, and what one of them prepares and another approves

Revision ID: 0015
Revises: 0014
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = '0015'
down_revision = '0014'
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column('clients', sa.Column('two_people', sa.Boolean(), server_default=sa.text('false'), nullable=False))
    op.create_table(
        'company_people',
        sa.Column('id', sa.BigInteger(), nullable=False),
        sa.Column('client_id', sa.BigInteger(), nullable=False),
        sa.Column('document', sa.Text(), nullable=False),
        sa.Column('full_name', sa.Text(), nullable=False),
        sa.Column('may_prepare', sa.Boolean(), nullable=False),
        sa.Column('may_approve', sa.Boolean(), nullable=False),
        sa.Column('password_hash', sa.Text(), nullable=False),
        sa.Column('failed_attempts', sa.Integer(), server_default='0', nullable=False),
        sa.Column('locked_until', sa.DateTime(timezone=True), nullable=True),
        sa.Column('created_at', sa.DateTime(timezone=True), server_default=sa.text('now()'), nullable=False),
        sa.Column('removed_at', sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint('may_prepare OR may_approve', name=op.f('ck_company_people_rights')),
        sa.ForeignKeyConstraint(['client_id'], ['clients.id'], name=op.f('fk_company_people_client_id')),
        sa.PrimaryKeyConstraint('id', name=op.f('pk_company_people')),
    )
    op.create_index(
        'uq_company_people_live', 'company_people', ['client_id', 'document'], unique=True,
        postgresql_where=sa.text('removed_at IS NULL'),
    )
    op.create_table(
        'operation_requests',
        sa.Column('id', sa.BigInteger(), nullable=False),
        sa.Column('client_id', sa.BigInteger(), nullable=False),
        sa.Column('key', sa.Text(), nullable=False),
        sa.Column(
            'kind',
            sa.Enum('Compra', 'Venta', name='kind', native_enum=False, create_constraint=True, length=40),
            nullable=False,
        ),
        sa.Column('amount_usd', sa.Numeric(15, 2), nullable=False),
        sa.Column('source_account_id', sa.BigInteger(), nullable=False),
        sa.Column('destination_account_id', sa.BigInteger(), nullable=False),
        sa.Column('coupon', sa.Text(), server_default='', nullable=False),
        sa.Column(
            'state',
            sa.Enum('Por aprobar', 'Aprobada', 'Descartada', name='state', native_enum=False,
                    create_constraint=True, length=40),
            nullable=False,
        ),
        sa.Column('prepared_by', sa.BigInteger(), nullable=True),
        sa.Column('prepared_at', sa.DateTime(timezone=True), server_default=sa.text('now()'), nullable=False),
        sa.Column('decided_by', sa.BigInteger(), nullable=True),
        sa.Column('decided_at', sa.DateTime(timezone=True), nullable=True),
        sa.Column('operation_code', sa.Text(), server_default='', nullable=False),
        sa.CheckConstraint('amount_usd > 0', name=op.f('ck_operation_requests_amount')),
        sa.ForeignKeyConstraint(['client_id'], ['clients.id'], name=op.f('fk_operation_requests_client_id')),
        sa.ForeignKeyConstraint(
            ['source_account_id'], ['client_accounts.id'], name=op.f('fk_operation_requests_source_account_id')
        ),
        sa.ForeignKeyConstraint(
            ['destination_account_id'], ['client_accounts.id'],
            name=op.f('fk_operation_requests_destination_account_id'),
        ),
        sa.ForeignKeyConstraint(
            ['prepared_by'], ['company_people.id'], name=op.f('fk_operation_requests_prepared_by')
        ),
        sa.ForeignKeyConstraint(['decided_by'], ['company_people.id'], name=op.f('fk_operation_requests_decided_by')),
        sa.PrimaryKeyConstraint('id', name=op.f('pk_operation_requests')),
    )
    op.create_index('uq_operation_requests_click', 'operation_requests', ['client_id', 'key'], unique=True)
    op.create_index('ix_operation_requests_client', 'operation_requests', ['client_id', 'id'])
    op.add_column('sessions', sa.Column('person_id', sa.BigInteger(), nullable=True))
    op.create_foreign_key(op.f('fk_sessions_person_id'), 'sessions', 'company_people', ['person_id'], ['id'])
    op.create_index(op.f('ix_sessions_person_id'), 'sessions', ['person_id'])


def downgrade() -> None:
    op.drop_index(op.f('ix_sessions_person_id'), table_name='sessions')
    op.drop_constraint(op.f('fk_sessions_person_id'), 'sessions', type_='foreignkey')
    op.drop_column('sessions', 'person_id')
    op.drop_table('operation_requests')
    op.drop_table('company_people')
    op.drop_column('clients', 'two_people')

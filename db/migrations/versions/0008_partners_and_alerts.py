"""partners and their keys, and rate alerts"""

from __future__ import annotations

from datetime import datetime

import sqlalchemy as sa
from alembic import op
revision = '0008'
down_revision = '0007'
branch_labels = None
depends_on = None


def now(name: str) -> sa.Column[datetime]:
    return sa.Column(name, sa.DateTime(timezone=True), server_default=sa.text('now()'), nullable=False)


def instant(name: str) -> sa.Column[datetime]:
    return sa.Column(name, sa.DateTime(timezone=True), nullable=True)


def one_of(values: tuple[str, ...], name: str) -> sa.Enum:
    return sa.Enum(*values, name=name, native_enum=False, create_constraint=True, length=40)


def upgrade() -> None:
    op.create_table('partners',
    sa.Column('id', sa.BigInteger(), nullable=False),
    sa.Column('name', sa.Text(), nullable=False),
    now('created_at'),
    instant('closed_at'),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_partners'))
    )
    op.create_index('uq_partners_name', 'partners', [sa.literal_column('lower(name)')], unique=True)
    op.create_table('partner_keys',
    sa.Column('id', sa.BigInteger(), nullable=False),
    sa.Column('partner_id', sa.BigInteger(), nullable=False),
    sa.Column('hint', sa.Text(), nullable=False),
    sa.Column('key_hash', sa.Text(), nullable=False),
    now('created_at'),
    instant('last_used_at'),
    instant('expires_at'),
    sa.ForeignKeyConstraint(['partner_id'], ['partners.id'], name=op.f('fk_partner_keys_partner_id')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_partner_keys')),
    sa.UniqueConstraint('key_hash', name=op.f('uq_partner_keys_key_hash'))
    )
    op.create_index(op.f('ix_partner_keys_partner_id'), 'partner_keys', ['partner_id'], unique=False)
    op.create_table('partner_clients',
    sa.Column('partner_id', sa.BigInteger(), nullable=False),
    sa.Column('client_id', sa.BigInteger(), nullable=False),
    now('created_at'),
    sa.ForeignKeyConstraint(['client_id'], ['clients.id'], name=op.f('fk_partner_clients_client_id')),
    sa.ForeignKeyConstraint(['partner_id'], ['partners.id'], name=op.f('fk_partner_clients_partner_id')),
    sa.PrimaryKeyConstraint('partner_id', 'client_id', name=op.f('pk_partner_clients'))
    )
    op.create_table('rate_alerts',
    sa.Column('id', sa.BigInteger(), nullable=False),
    sa.Column('client_id', sa.BigInteger(), nullable=False),
    sa.Column('side', one_of(('compra', 'venta'), 'side'), nullable=False),
    sa.Column('direction', one_of(('sobre', 'bajo'), 'direction'), nullable=False),
    sa.Column('value', sa.Numeric(10, 4), nullable=False),
    sa.Column('repeats', sa.Boolean(), server_default=sa.text('false'), nullable=False),
    sa.Column('until', sa.Date(), nullable=False),
    sa.Column('armed', sa.Boolean(), server_default=sa.text('true'), nullable=False),
    now('created_at'),
    instant('ended_at'),
    sa.CheckConstraint('value > 0', name=op.f('ck_rate_alerts_value')),
    sa.ForeignKeyConstraint(['client_id'], ['clients.id'], name=op.f('fk_rate_alerts_client_id')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_rate_alerts'))
    )
    op.create_index('ix_rate_alerts_live', 'rate_alerts', ['client_id'], unique=False, postgresql_where=sa.text('ended_at IS NULL'))
    op.create_table('rate_alert_firings',
    sa.Column('id', sa.BigInteger(), nullable=False),
    sa.Column('alert_id', sa.BigInteger(), nullable=False),
    sa.Column('rate_id', sa.BigInteger(), nullable=False),
    sa.Column('value', sa.Numeric(10, 4), nullable=False),
    now('at'),
    instant('told_at'),
    sa.ForeignKeyConstraint(['alert_id'], ['rate_alerts.id'], name=op.f('fk_rate_alert_firings_alert_id')),
    sa.ForeignKeyConstraint(['rate_id'], ['exchange_rates.id'], name=op.f('fk_rate_alert_firings_rate_id')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_rate_alert_firings')),
    sa.UniqueConstraint('alert_id', 'rate_id', name=op.f('uq_rate_alert_firings_alert_id_rate_id'))
    )
    op.create_index(op.f('ix_rate_alert_firings_rate_id'), 'rate_alert_firings', ['rate_id'], unique=False)
    op.create_index('ix_rate_alert_firings_waiting', 'rate_alert_firings', ['id'], unique=False, postgresql_where=sa.text('told_at IS NULL'))

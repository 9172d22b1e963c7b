"""rules, alerts and cases"""

from __future__ import annotations

from datetime import datetime

import sqlalchemy as sa
from alembic import op
revision = '0003'
down_revision = '0002'
branch_labels = None
depends_on = None

STATES = ('Pendiente', 'En revisión', 'Escalada', 'Resuelta', 'Falsa alarma')
SEVERITIES = ('Baja', 'Media', 'Alta', 'Crítica')
DECISIONS = ('liberar', 'confirmar')


def one_of(values: tuple[str, ...], name: str) -> sa.Enum:
    return sa.Enum(*values, name=name, native_enum=False, create_constraint=True, length=40)


def now(name: str) -> sa.Column[datetime]:
    return sa.Column(name, sa.DateTime(timezone=True), server_default=sa.text('now()'), nullable=False)


def instant(name: str) -> sa.Column[datetime]:
    return sa.Column(name, sa.DateTime(timezone=True), nullable=True)


def upgrade() -> None:
    op.create_table('compliance_cases',
    sa.Column('id', sa.BigInteger(), nullable=False),
    sa.Column('kind', sa.Text(), nullable=False),
    sa.Column('client_id', sa.BigInteger(), nullable=False),
    sa.Column('state', one_of(STATES, 'state'), nullable=False),
    sa.Column('severity', one_of(SEVERITIES, 'severity'), nullable=False),
    sa.Column('summary', sa.Text(), nullable=False),
    sa.Column('assigned_to', sa.BigInteger(), nullable=True),
    instant('suspicious_at'),
    sa.Column('decision', one_of(DECISIONS, 'decision'), nullable=True),
    sa.Column('resolution', sa.Text(), server_default='', nullable=False),
    instant('told_at'),
    now('opened_at'),
    instant('closed_at'),
    sa.ForeignKeyConstraint(['assigned_to'], ['users.id'], name=op.f('fk_compliance_cases_assigned_to')),
    sa.ForeignKeyConstraint(['client_id'], ['clients.id'], name=op.f('fk_compliance_cases_client_id')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_compliance_cases'))
    )
    op.create_index(op.f('ix_compliance_cases_client_id'), 'compliance_cases', ['client_id'], unique=False)
    op.create_index('ix_compliance_cases_state_recent', 'compliance_cases', ['state', sa.literal_column('id DESC')], unique=False)
    op.create_index('uq_compliance_cases_open', 'compliance_cases', ['client_id', 'kind'], unique=True, postgresql_where=sa.text('closed_at IS NULL'))
    op.create_table('compliance_alerts',
    sa.Column('id', sa.BigInteger(), nullable=False),
    sa.Column('case_id', sa.BigInteger(), nullable=False),
    sa.Column('source_key', sa.Text(), nullable=False),
    sa.Column('operation_code', sa.Text(), nullable=True),
    sa.Column('severity', one_of(SEVERITIES, 'severity'), nullable=False),
    sa.Column('summary', sa.Text(), nullable=False),
    now('at'),
    sa.ForeignKeyConstraint(['case_id'], ['compliance_cases.id'], name=op.f('fk_compliance_alerts_case_id')),
    sa.ForeignKeyConstraint(['operation_code'], ['operations.code'], name=op.f('fk_compliance_alerts_operation_code')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_compliance_alerts')),
    sa.UniqueConstraint('source_key', name=op.f('uq_compliance_alerts_source_key'))
    )
    op.create_index(op.f('ix_compliance_alerts_case_id'), 'compliance_alerts', ['case_id'], unique=False)
    op.create_index(op.f('ix_compliance_alerts_operation_code'), 'compliance_alerts', ['operation_code'], unique=False)
    op.create_table('compliance_audit',
    sa.Column('id', sa.BigInteger(), sa.Identity(always=False), nullable=False),
    sa.Column('case_id', sa.BigInteger(), nullable=False),
    sa.Column('user_id', sa.BigInteger(), nullable=True),
    sa.Column('action', sa.Text(), nullable=False),
    sa.Column('detail', sa.Text(), server_default='', nullable=False),
    now('at'),
    sa.ForeignKeyConstraint(['case_id'], ['compliance_cases.id'], name=op.f('fk_compliance_audit_case_id')),
    sa.ForeignKeyConstraint(['user_id'], ['users.id'], name=op.f('fk_compliance_audit_user_id')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_compliance_audit'))
    )
    op.create_index(op.f('ix_compliance_audit_case_id'), 'compliance_audit', ['case_id'], unique=False)
    for table in ('compliance_audit', 'compliance_alerts'):
        op.execute(f"CREATE TRIGGER append_only BEFORE UPDATE OR DELETE ON {table} FOR EACH ROW EXECUTE FUNCTION refuse_change()")
    op.execute("CREATE TRIGGER never_deleted BEFORE DELETE ON compliance_cases FOR EACH ROW EXECUTE FUNCTION refuse_change()")

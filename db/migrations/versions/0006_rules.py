"""rules as data with the set that ships, files and reports of cases, registro de operaciones"""

from __future__ import annotations

from datetime import datetime

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = '0006'
down_revision = '0005'
branch_labels = None
depends_on = None

STATUSES = ('Borrador', 'Publicada', 'Retirada')
MODALITIES = ('única', 'múltiple')
KINDS = ('Compra', 'Venta')
BANKS = ('BCP', 'INTERBANK', 'PICHINCHA', 'BANBIF', 'BBVA', 'SCOTIABANK', 'OTROS')

# key, name, kind, severity, hold, once, conditions. Thresholds: the house's table (amounts, frequency, deviation) and
# its choice where no norm gives one; each is a new version away from another figure.
SHIPPED = (
    ('lista-restrictiva', 'Cliente en lista restrictiva', 'lista', 'Crítica', True, 'operación',
     [{'test': 'list_match'}]),
    ('monto-critico', 'Monto crítico', 'monitoreo', 'Crítica', False, 'operación',
     [{'test': 'amount', 'at_least': '100000.00'}]),
    ('monto-alto', 'Monto alto', 'monitoreo', 'Alta', False, 'operación',
     [{'test': 'amount', 'at_least': '50000.00', 'below': '100000.00'}]),
    ('frecuencia-diaria', 'Más de 3 operaciones en un día', 'monitoreo', 'Media', False, 'día',
     [{'test': 'frequency', 'days': 1, 'at_least': 4}]),
    ('desvio-del-promedio', 'Monto muy por encima de lo habitual', 'monitoreo', 'Media', False, 'operación',
     [{'test': 'deviation', 'percent': '200.00', 'operations': 3, 'days': 365},
      {'test': 'amount', 'at_least': '1000.00'}]),
    ('bajo-el-umbral', 'Montos justo por debajo del umbral de registro', 'estructuración', 'Alta', False, 'día',
     [{'test': 'just_below', 'threshold': '5000.00', 'percent': '10.00', 'days': 30, 'at_least': 2}]),
    ('acumulado-1-dia', 'Acumulado alto en 1 día', 'estructuración', 'Alta', False, 'día',
     [{'test': 'accumulated', 'days': 1, 'at_least': '20000.00'}, {'test': 'frequency', 'days': 1, 'at_least': 2}]),
    ('acumulado-7-dias', 'Acumulado alto en 7 días', 'estructuración', 'Media', False, 'día',
     [{'test': 'accumulated', 'days': 7, 'at_least': '40000.00'}, {'test': 'frequency', 'days': 7, 'at_least': 2}]),
    ('acumulado-30-dias', 'Acumulado alto en 30 días', 'estructuración', 'Media', False, 'mes',
     [{'test': 'accumulated', 'days': 30, 'at_least': '100000.00'}, {'test': 'frequency', 'days': 30, 'at_least': 2}]),
    ('cuenta-compartida', 'Varios clientes con la misma cuenta', 'vínculos', 'Alta', False, 'mes',
     [{'test': 'shared', 'what': 'account', 'clients': 2}]),
    ('telefono-compartido', 'Varios clientes con el mismo teléfono', 'vínculos', 'Media', False, 'mes',
     [{'test': 'shared', 'what': 'phone', 'clients': 2}]),
    ('direccion-compartida', 'Varios clientes con la misma dirección', 'vínculos', 'Baja', False, 'mes',
     [{'test': 'shared', 'what': 'address', 'clients': 3}]),
    ('dispositivo-compartido', 'Varios clientes con el mismo dispositivo', 'vínculos', 'Media', False, 'mes',
     [{'test': 'shared', 'what': 'device', 'clients': 2}]),
    ('compra-y-venta', 'Operación contraria inmediata', 'monitoreo', 'Media', False, 'día',
     [{'test': 'reversal', 'hours': 24, 'percent': '10.00'}, {'test': 'amount', 'at_least': '1000.00'}]),
    ('inactivo-y-alto', 'Mucho tiempo sin operar y monto alto', 'monitoreo', 'Media', False, 'operación',
     [{'test': 'dormant', 'days': 180}, {'test': 'amount', 'at_least': '10000.00'}]),
    ('cliente-nuevo-y-alto', 'Primera operación con monto alto', 'monitoreo', 'Alta', False, 'operación',
     [{'test': 'new_client', 'days': 30}, {'test': 'amount', 'at_least': '10000.00'}]),
    ('pep', 'Cliente expuesto políticamente', 'pep', 'Alta', False, 'operación',
     [{'test': 'pep'}]),
    ('riesgo-alto', 'Cliente de riesgo Alto o Crítico', 'monitoreo', 'Alta', False, 'mes',
     [{'test': 'risk', 'at_least': 'Alto'}]),
    ('muchas-cancelaciones', 'Muchas operaciones canceladas o vencidas', 'monitoreo', 'Baja', False, 'día',
     [{'test': 'cancellations', 'days': 7, 'at_least': 5}]),
)


def one_of(values: tuple[str, ...], name: str) -> sa.Enum:
    return sa.Enum(*values, name=name, native_enum=False, create_constraint=True, length=40)


def now(name: str) -> sa.Column[datetime]:
    return sa.Column(name, sa.DateTime(timezone=True), server_default=sa.text('now()'), nullable=False)


def instant(name: str) -> sa.Column[datetime]:
    return sa.Column(name, sa.DateTime(timezone=True), nullable=True)


def person(name: str, *, nullable: bool) -> sa.Column[int]:
    return sa.Column(name, sa.BigInteger(), nullable=nullable)


def text(name: str, *, default: str | None = None) -> sa.Column[str]:
    return sa.Column(name, sa.Text(), server_default=default, nullable=False)


def _rules() -> None:
    op.create_table('compliance_rules',
    sa.Column('id', sa.BigInteger(), nullable=False),
    text('key'),
    sa.Column('version', sa.Integer(), nullable=False),
    sa.Column('status', one_of(STATUSES, 'status'), nullable=False),
    sa.Column('definition', postgresql.JSONB(), nullable=False),
    person('author_id', nullable=True),
    now('drafted_at'),
    person('publisher_id', nullable=True),
    instant('published_at'),
    instant('retired_at'),
    sa.ForeignKeyConstraint(['author_id'], ['users.id'], name=op.f('fk_compliance_rules_author_id')),
    sa.ForeignKeyConstraint(['publisher_id'], ['users.id'], name=op.f('fk_compliance_rules_publisher_id')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_compliance_rules')),
    sa.UniqueConstraint('key', 'version', name=op.f('uq_compliance_rules_key_version'))
    )
    op.create_index('uq_compliance_rules_published', 'compliance_rules', ['key'], unique=True, postgresql_where=sa.text("status = 'Publicada'"))
    op.create_index('uq_compliance_rules_draft', 'compliance_rules', ['key'], unique=True, postgresql_where=sa.text("status = 'Borrador'"))
    op.create_table('rule_trials',
    sa.Column('id', sa.BigInteger(), nullable=False),
    sa.Column('rule_id', sa.BigInteger(), nullable=False),
    sa.Column('definition', postgresql.JSONB(), nullable=False),
    sa.Column('since', sa.Date(), nullable=False),
    sa.Column('until', sa.Date(), nullable=False),
    sa.Column('result', postgresql.JSONB(), nullable=False),
    person('user_id', nullable=False),
    now('at'),
    sa.ForeignKeyConstraint(['rule_id'], ['compliance_rules.id'], name=op.f('fk_rule_trials_rule_id')),
    sa.ForeignKeyConstraint(['user_id'], ['users.id'], name=op.f('fk_rule_trials_user_id')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_rule_trials'))
    )
    op.create_index('ix_rule_trials_rule_id', 'rule_trials', ['rule_id', 'id'])
    op.create_table('rule_snoozes',
    sa.Column('id', sa.BigInteger(), nullable=False),
    text('rule_key'),
    sa.Column('client_id', sa.BigInteger(), nullable=False),
    sa.Column('until', sa.DateTime(timezone=True), nullable=False),
    text('reason'),
    person('user_id', nullable=False),
    now('at'),
    instant('ended_at'),
    sa.CheckConstraint("reason <> ''", name=op.f('ck_rule_snoozes_reason')),
    sa.ForeignKeyConstraint(['client_id'], ['clients.id'], name=op.f('fk_rule_snoozes_client_id')),
    sa.ForeignKeyConstraint(['user_id'], ['users.id'], name=op.f('fk_rule_snoozes_user_id')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_rule_snoozes'))
    )
    op.create_index('ix_rule_snoozes_client_id', 'rule_snoozes', ['client_id', 'rule_key'])


def _ship() -> None:
    rules = sa.table('compliance_rules', *[sa.column(name) for name in ('id', 'key', 'version', 'status', 'published_at')], sa.column('definition', postgresql.JSONB()))
    rows = [
        {
            'key': key, 'version': 1, 'status': 'Publicada', 'published_at': sa.func.now(),
            'definition': {'name': name, 'kind': kind, 'severity': severity, 'hold': hold, 'once': once, 'conditions': conditions},
        }
        for key, name, kind, severity, hold, once, conditions in SHIPPED
    ]
    for row in rows:
        op.execute(rules.insert().values(row))


def _links() -> None:
    op.create_table('client_devices',
    sa.Column('client_id', sa.BigInteger(), autoincrement=False, nullable=False),
    text('device'),
    now('first_seen_at'),
    sa.ForeignKeyConstraint(['client_id'], ['clients.id'], name=op.f('fk_client_devices_client_id')),
    sa.PrimaryKeyConstraint('client_id', 'device', name=op.f('pk_client_devices'))
    )
    op.create_index(op.f('ix_client_devices_device'), 'client_devices', ['device'])
    op.create_index('ix_operations_client_created', 'operations', ['client_id', 'created_at'])
    op.create_index('ix_clients_phone', 'clients', ['phone'], postgresql_where=sa.text("phone <> ''"))
    op.create_index('ix_clients_address', 'clients', [sa.text('lower(address)')], postgresql_where=sa.text("address <> ''"))


def _cases() -> None:
    op.add_column('compliance_cases', sa.Column('decided_by', sa.BigInteger(), nullable=True))
    op.create_foreign_key(op.f('fk_compliance_cases_decided_by'), 'compliance_cases', 'users', ['decided_by'], ['id'])
    op.add_column('compliance_cases', instant('ros_sent_at'))
    op.add_column('compliance_cases', text('ros_number', default=''))
    op.add_column('compliance_alerts', text('rule_key', default=''))
    op.add_column('compliance_alerts', sa.Column('holds', sa.Boolean(), server_default='false', nullable=False))
    op.alter_column('compliance_audit', 'case_id', nullable=True)
    op.add_column('compliance_audit', text('subject', default=''))
    op.create_check_constraint(op.f('ck_compliance_audit_subject'), 'compliance_audit', "(case_id IS NULL) <> (subject = '')")
    op.create_table('case_files',
    sa.Column('id', sa.BigInteger(), nullable=False),
    sa.Column('case_id', sa.BigInteger(), nullable=False),
    text('file_key'),
    text('content_type'),
    sa.Column('size', sa.Integer(), nullable=False),
    text('title'),
    person('user_id', nullable=False),
    now('at'),
    sa.ForeignKeyConstraint(['case_id'], ['compliance_cases.id'], name=op.f('fk_case_files_case_id')),
    sa.ForeignKeyConstraint(['user_id'], ['users.id'], name=op.f('fk_case_files_user_id')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_case_files'))
    )
    op.create_index(op.f('ix_case_files_case_id'), 'case_files', ['case_id'])


def _reports() -> None:
    op.create_table('operation_register',
    sa.Column('id', sa.BigInteger(), nullable=False),
    text('operation_code'),
    sa.Column('client_id', sa.BigInteger(), nullable=False),
    sa.Column('entry', sa.Integer(), nullable=False),
    sa.Column('modality', one_of(MODALITIES, 'modality'), nullable=False),
    sa.Column('day', sa.Date(), nullable=False),
    sa.Column('occurred_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('kind', one_of(KINDS, 'kind'), nullable=False),
    sa.Column('amount_usd', sa.Numeric(15, 2), nullable=False),
    sa.Column('amount_pen', sa.Numeric(15, 2), nullable=False),
    sa.Column('rate', sa.Numeric(10, 4), nullable=False),
    sa.Column('source_bank', one_of(BANKS, 'source_bank'), nullable=False),
    text('source_account'),
    sa.Column('destination_bank', one_of(BANKS, 'destination_bank'), nullable=False),
    text('destination_account'),
    sa.Column('people', postgresql.JSONB(), nullable=False),
    text('funds_origin', default=''),
    text('observations', default=''),
    text('reason', default=''),
    person('user_id', nullable=True),
    now('at'),
    sa.CheckConstraint("entry = 1 OR reason <> ''", name=op.f('ck_operation_register_reason')),
    sa.ForeignKeyConstraint(['client_id'], ['clients.id'], name=op.f('fk_operation_register_client_id')),
    sa.ForeignKeyConstraint(['operation_code'], ['operations.code'], name=op.f('fk_operation_register_operation_code')),
    sa.ForeignKeyConstraint(['user_id'], ['users.id'], name=op.f('fk_operation_register_user_id')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_operation_register')),
    sa.UniqueConstraint('operation_code', 'entry', name=op.f('uq_operation_register_operation_code_entry'))
    )
    op.create_index('ix_operation_register_day', 'operation_register', ['day', 'id'])
    op.create_index('ix_operation_register_client_id', 'operation_register', ['client_id'])
    op.create_table('ros_drafts',
    sa.Column('id', sa.BigInteger(), nullable=False),
    sa.Column('case_id', sa.BigInteger(), nullable=False),
    sa.Column('version', sa.Integer(), nullable=False),
    sa.Column('content', postgresql.JSONB(), nullable=False),
    person('user_id', nullable=False),
    now('at'),
    sa.ForeignKeyConstraint(['case_id'], ['compliance_cases.id'], name=op.f('fk_ros_drafts_case_id')),
    sa.ForeignKeyConstraint(['user_id'], ['users.id'], name=op.f('fk_ros_drafts_user_id')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_ros_drafts')),
    sa.UniqueConstraint('case_id', 'version', name=op.f('uq_ros_drafts_case_id_version'))
    )


def upgrade() -> None:
    _rules()
    _ship()
    _links()
    _cases()
    _reports()
    for table in ('rule_trials', 'case_files', 'operation_register', 'ros_drafts'):
        op.execute(f"CREATE TRIGGER append_only BEFORE UPDATE OR DELETE ON {table} FOR EACH ROW EXECUTE FUNCTION refuse_change()")
    for table in ('compliance_rules', 'rule_snoozes'):
        op.execute(f"CREATE TRIGGER never_deleted BEFORE DELETE ON {table} FOR EACH ROW EXECUTE FUNCTION refuse_change()")

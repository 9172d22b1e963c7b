"""treasury: ledger, position, netting, closes, statements, second persons"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql
revision = '0009'
down_revision = '0008'
branch_labels = None
depends_on = None

# Plan Contable General Empresarial, the accounts that the house needs to begin with.
CHART = (
    ('1031', 'Efectivo en tránsito por asignar, moneda nacional'),
    ('1032', 'Efectivo en tránsito por asignar, moneda extranjera'),
    ('1037', 'Posición de cambio: margen reconocido'),
    ('1038', 'Posición de cambio en dólares'),
    ('1039', 'Posición de cambio: contravalor en soles'),
    ('10411', 'Cuentas corrientes operativas, moneda nacional'),
    ('10412', 'Cuentas corrientes operativas, moneda extranjera'),
    ('4011', 'Impuesto general a las ventas'),
    ('4111', 'Sueldos y salarios por pagar'),
    ('4211', 'Facturas por pagar no emitidas'),
    ('4551', 'Préstamos de terceros'),
    ('4699', 'Otras cuentas por pagar: devoluciones a clientes'),
    ('5011', 'Capital social: acciones'),
    ('5911', 'Utilidades acumuladas'),
    ('6211', 'Sueldos y salarios'),
    ('6321', 'Asesoría y consultoría'),
    ('6352', 'Alquileres: edificaciones'),
    ('6364', 'Teléfono'),
    ('6365', 'Internet'),
    ('6371', 'Publicidad'),
    ('6391', 'Gastos bancarios'),
    ('6399', 'Otros servicios prestados por terceros'),
    ('6412', 'Impuesto a las transacciones financieras'),
    ('6599', 'Otros gastos de gestión: faltantes de caja y bancos'),
    ('6711', 'Intereses por préstamos'),
    ('6761', 'Pérdida por margen de intermediación cambiaria'),
    ('6762', 'Pérdida por diferencia de cambio'),
    ('7599', 'Otros ingresos de gestión: sobrantes de caja y bancos'),
    ('7761', 'Ganancia por margen de intermediación cambiaria'),
    ('7762', 'Ganancia por diferencia de cambio'),
)


def upgrade() -> None:
    op.create_table('ledger_accounts',
    sa.Column('code', sa.Text(), nullable=False),
    sa.Column('name', sa.Text(), nullable=False),
    sa.Column('active', sa.Boolean(), server_default=sa.text('true'), nullable=False),
    sa.CheckConstraint("code ~ '^[0-9]{4,8}$'", name=op.f('ck_ledger_accounts_code')),
    sa.PrimaryKeyConstraint('code', name=op.f('pk_ledger_accounts'))
    )
    op.create_table('ledger_days',
    sa.Column('day', sa.Date(), nullable=False),
    sa.Column('account', sa.Text(), nullable=False),
    sa.Column('house_account_id', sa.BigInteger(), autoincrement=False, nullable=False),
    sa.Column('currency', sa.Enum('USD', 'PEN', name='currency', native_enum=False, create_constraint=True, length=40), nullable=False),
    sa.Column('source', sa.Enum('operacion', 'apertura', 'ajuste', 'transferencia', 'gasto', 'devolucion', 'asignacion', 'revaluacion', name='source', native_enum=False, create_constraint=True, length=40), nullable=False),
    sa.Column('mirrored', sa.Boolean(), nullable=False),
    sa.Column('debit', sa.Numeric(precision=15, scale=2), nullable=False),
    sa.Column('credit', sa.Numeric(precision=15, scale=2), nullable=False),
    sa.Column('pen_debit', sa.Numeric(precision=15, scale=2), nullable=False),
    sa.Column('pen_credit', sa.Numeric(precision=15, scale=2), nullable=False),
    sa.Column('lines', sa.Integer(), nullable=False),
    sa.PrimaryKeyConstraint('day', 'account', 'house_account_id', 'currency', 'source', 'mirrored', name=op.f('pk_ledger_days'))
    )
    op.create_table('ledger_mark',
    sa.Column('id', sa.BigInteger(), nullable=False),
    sa.Column('last_line_id', sa.BigInteger(), nullable=False),
    sa.Column('at', sa.DateTime(timezone=True), nullable=False),
    sa.CheckConstraint('id = 1', name=op.f('ck_ledger_mark_one')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_ledger_mark'))
    )
    op.create_table('ledger_years',
    sa.Column('year', sa.SmallInteger(), autoincrement=False, nullable=False),
    sa.Column('last_number', sa.Integer(), nullable=False),
    sa.PrimaryKeyConstraint('year', name=op.f('pk_ledger_years'))
    )
    op.create_table('rate_tiers',
    sa.Column('id', sa.BigInteger(), nullable=False),
    sa.Column('from_usd', sa.Numeric(precision=15, scale=2), nullable=False),
    sa.Column('pips', sa.Integer(), nullable=False),
    sa.CheckConstraint('from_usd > 0 AND pips > 0', name=op.f('ck_rate_tiers_figures')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_rate_tiers')),
    sa.UniqueConstraint('from_usd', name=op.f('uq_rate_tiers_from_usd'))
    )
    op.create_table('reference_rates',
    sa.Column('source', sa.Text(), nullable=False),
    sa.Column('day', sa.Date(), nullable=False),
    sa.Column('buy', sa.Numeric(precision=10, scale=4), nullable=False),
    sa.Column('sell', sa.Numeric(precision=10, scale=4), nullable=False),
    sa.Column('fetched_at', sa.DateTime(timezone=True), nullable=False),
    sa.PrimaryKeyConstraint('source', 'day', name=op.f('pk_reference_rates'))
    )
    op.create_table('approvals',
    sa.Column('id', sa.BigInteger(), nullable=False),
    sa.Column('kind', sa.Enum('movimiento', 'tipo de cambio', 'reabrir día', 'reabrir período', 'anular asiento', name='kind', native_enum=False, create_constraint=True, length=40), nullable=False),
    sa.Column('state', sa.Enum('Pendiente', 'Aprobada', 'Negada', name='state', native_enum=False, create_constraint=True, length=40), nullable=False),
    sa.Column('words', sa.Text(), nullable=False),
    sa.Column('reason', sa.Text(), nullable=False),
    sa.Column('asked', postgresql.JSONB(astext_type=sa.Text()), nullable=False),
    sa.Column('requested_by', sa.BigInteger(), nullable=False),
    sa.Column('requested_at', sa.DateTime(timezone=True), server_default=sa.text('now()'), nullable=False),
    sa.Column('decided_by', sa.BigInteger(), nullable=True),
    sa.Column('decided_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('decision', sa.Text(), server_default='', nullable=False),
    sa.CheckConstraint('(decided_by IS NULL) = (decided_at IS NULL)', name=op.f('ck_approvals_decided')),
    sa.CheckConstraint('decided_by <> requested_by', name=op.f('ck_approvals_two_people')),
    sa.ForeignKeyConstraint(['decided_by'], ['users.id'], name=op.f('fk_approvals_decided_by')),
    sa.ForeignKeyConstraint(['requested_by'], ['users.id'], name=op.f('fk_approvals_requested_by')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_approvals'))
    )
    op.create_index('ix_approvals_open', 'approvals', ['id'], unique=False, postgresql_where=sa.text("state = 'Pendiente'"))
    op.create_table('batches',
    sa.Column('id', sa.BigInteger(), nullable=False),
    sa.Column('code', sa.Text(), nullable=False),
    sa.Column('day', sa.Date(), nullable=False),
    sa.Column('state', sa.Enum('Abierto', 'Cerrado', name='state', native_enum=False, create_constraint=True, length=40), nullable=False),
    sa.Column('opened_by', sa.BigInteger(), nullable=False),
    sa.Column('opened_at', sa.DateTime(timezone=True), server_default=sa.text('now()'), nullable=False),
    sa.Column('closed_by', sa.BigInteger(), nullable=True),
    sa.Column('closed_at', sa.DateTime(timezone=True), nullable=True),
    sa.ForeignKeyConstraint(['closed_by'], ['users.id'], name=op.f('fk_batches_closed_by')),
    sa.ForeignKeyConstraint(['opened_by'], ['users.id'], name=op.f('fk_batches_opened_by')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_batches')),
    sa.UniqueConstraint('code', name=op.f('uq_batches_code'))
    )
    op.create_table('daily_closures',
    sa.Column('id', sa.BigInteger(), nullable=False),
    sa.Column('day', sa.Date(), nullable=False),
    sa.Column('round', sa.Integer(), nullable=False),
    sa.Column('state', sa.Enum('Borrador', 'Firmado', 'Reabierto', name='state', native_enum=False, create_constraint=True, length=40), nullable=False),
    sa.Column('open_operations', sa.Integer(), nullable=False),
    sa.Column('open_usd', sa.Numeric(precision=15, scale=2), nullable=False),
    sa.Column('realised_pen', sa.Numeric(precision=15, scale=2), nullable=False),
    sa.Column('margin_pen', sa.Numeric(precision=15, scale=2), nullable=False),
    sa.Column('drafted_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('signed_by', sa.BigInteger(), nullable=True),
    sa.Column('signed_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('reopened_by', sa.BigInteger(), nullable=True),
    sa.Column('reopened_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('reopened_reason', sa.Text(), server_default='', nullable=False),
    sa.ForeignKeyConstraint(['reopened_by'], ['users.id'], name=op.f('fk_daily_closures_reopened_by')),
    sa.ForeignKeyConstraint(['signed_by'], ['users.id'], name=op.f('fk_daily_closures_signed_by')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_daily_closures')),
    sa.UniqueConstraint('day', 'round', name=op.f('uq_daily_closures_day_round'))
    )
    op.create_index('uq_daily_closures_live', 'daily_closures', ['day'], unique=True, postgresql_where=sa.text("state <> 'Reabierto'"))
    op.create_table('ledger_periods',
    sa.Column('year', sa.SmallInteger(), autoincrement=False, nullable=False),
    sa.Column('month', sa.SmallInteger(), autoincrement=False, nullable=False),
    sa.Column('closed', sa.Boolean(), nullable=False),
    sa.Column('user_id', sa.BigInteger(), nullable=False),
    sa.Column('reason', sa.Text(), server_default='', nullable=False),
    sa.Column('at', sa.DateTime(timezone=True), nullable=False),
    sa.CheckConstraint('month BETWEEN 1 AND 12', name=op.f('ck_ledger_periods_month')),
    sa.ForeignKeyConstraint(['user_id'], ['users.id'], name=op.f('fk_ledger_periods_user_id')),
    sa.PrimaryKeyConstraint('year', 'month', name=op.f('pk_ledger_periods'))
    )
    op.create_table('trader_goals',
    sa.Column('user_id', sa.BigInteger(), nullable=False),
    sa.Column('year', sa.SmallInteger(), nullable=False),
    sa.Column('month', sa.SmallInteger(), nullable=False),
    sa.Column('goal_pen', sa.Numeric(precision=15, scale=2), nullable=False),
    sa.Column('set_by', sa.BigInteger(), nullable=True),
    sa.Column('at', sa.DateTime(timezone=True), nullable=False),
    sa.CheckConstraint('goal_pen >= 0', name=op.f('ck_trader_goals_goal')),
    sa.CheckConstraint('month BETWEEN 1 AND 12', name=op.f('ck_trader_goals_month')),
    sa.ForeignKeyConstraint(['set_by'], ['users.id'], name=op.f('fk_trader_goals_set_by')),
    sa.ForeignKeyConstraint(['user_id'], ['users.id'], name=op.f('fk_trader_goals_user_id')),
    sa.PrimaryKeyConstraint('user_id', 'year', 'month', name=op.f('pk_trader_goals'))
    )
    op.create_table('bank_statements',
    sa.Column('id', sa.BigInteger(), nullable=False),
    sa.Column('house_account_id', sa.BigInteger(), nullable=False),
    sa.Column('layout', sa.Enum('BCP', 'INTERBANK', 'BBVA', 'SCOTIABANK', 'MT940', name='layout', native_enum=False, create_constraint=True, length=40), nullable=False),
    sa.Column('file_name', sa.Text(), nullable=False),
    sa.Column('file_hash', sa.Text(), nullable=False),
    sa.Column('first_day', sa.Date(), nullable=False),
    sa.Column('last_day', sa.Date(), nullable=False),
    sa.Column('user_id', sa.BigInteger(), nullable=False),
    sa.Column('at', sa.DateTime(timezone=True), server_default=sa.text('now()'), nullable=False),
    sa.ForeignKeyConstraint(['house_account_id'], ['house_accounts.id'], name=op.f('fk_bank_statements_house_account_id')),
    sa.ForeignKeyConstraint(['user_id'], ['users.id'], name=op.f('fk_bank_statements_user_id')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_bank_statements')),
    sa.UniqueConstraint('house_account_id', 'file_hash', name=op.f('uq_bank_statements_house_account_id_file_hash'))
    )
    op.create_table('client_rates',
    sa.Column('client_id', sa.BigInteger(), nullable=False),
    sa.Column('pips', sa.Integer(), nullable=False),
    sa.Column('until', sa.Date(), nullable=True),
    sa.Column('user_id', sa.BigInteger(), nullable=True),
    sa.Column('at', sa.DateTime(timezone=True), server_default=sa.text('now()'), nullable=False),
    sa.CheckConstraint('pips > 0', name=op.f('ck_client_rates_pips')),
    sa.ForeignKeyConstraint(['client_id'], ['clients.id'], name=op.f('fk_client_rates_client_id')),
    sa.ForeignKeyConstraint(['user_id'], ['users.id'], name=op.f('fk_client_rates_user_id')),
    sa.PrimaryKeyConstraint('client_id', name=op.f('pk_client_rates'))
    )
    op.create_table('daily_closure_lines',
    sa.Column('closure_id', sa.BigInteger(), nullable=False),
    sa.Column('house_account_id', sa.BigInteger(), nullable=False),
    sa.Column('opening', sa.Numeric(precision=15, scale=2), nullable=False),
    sa.Column('came_in', sa.Numeric(precision=15, scale=2), nullable=False),
    sa.Column('went_out', sa.Numeric(precision=15, scale=2), nullable=False),
    sa.Column('system', sa.Numeric(precision=15, scale=2), nullable=False),
    sa.Column('counted', sa.Numeric(precision=15, scale=2), nullable=True),
    sa.Column('reason', sa.Text(), server_default='', nullable=False),
    sa.CheckConstraint("counted IS NULL OR counted = system OR reason <> ''", name=op.f('ck_daily_closure_lines_reason')),
    sa.ForeignKeyConstraint(['closure_id'], ['daily_closures.id'], name=op.f('fk_daily_closure_lines_closure_id')),
    sa.ForeignKeyConstraint(['house_account_id'], ['house_accounts.id'], name=op.f('fk_daily_closure_lines_house_account_id')),
    sa.PrimaryKeyConstraint('closure_id', 'house_account_id', name=op.f('pk_daily_closure_lines'))
    )
    op.create_table('statement_lines',
    sa.Column('id', sa.BigInteger(), nullable=False),
    sa.Column('statement_id', sa.BigInteger(), nullable=False),
    sa.Column('house_account_id', sa.BigInteger(), nullable=False),
    sa.Column('day', sa.Date(), nullable=False),
    sa.Column('amount', sa.Numeric(precision=15, scale=2), nullable=False),
    sa.Column('reference', sa.Text(), nullable=False),
    sa.Column('description', sa.Text(), nullable=False),
    sa.Column('mark', sa.Text(), nullable=False),
    sa.Column('dismissed_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('dismissed_by', sa.BigInteger(), nullable=True),
    sa.Column('dismissed_reason', sa.Text(), server_default='', nullable=False),
    sa.CheckConstraint('amount <> 0', name=op.f('ck_statement_lines_amount')),
    sa.ForeignKeyConstraint(['dismissed_by'], ['users.id'], name=op.f('fk_statement_lines_dismissed_by')),
    sa.ForeignKeyConstraint(['house_account_id'], ['house_accounts.id'], name=op.f('fk_statement_lines_house_account_id')),
    sa.ForeignKeyConstraint(['statement_id'], ['bank_statements.id'], name=op.f('fk_statement_lines_statement_id')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_statement_lines')),
    sa.UniqueConstraint('house_account_id', 'mark', name=op.f('uq_statement_lines_house_account_id_mark'))
    )
    op.create_index('ix_statement_lines_account_day', 'statement_lines', ['house_account_id', 'day'], unique=False)
    op.create_index('ix_statement_lines_statement_id', 'statement_lines', ['statement_id', 'id'], unique=False)
    op.create_table('ledger_entries',
    sa.Column('id', sa.BigInteger(), sa.Identity(always=False), nullable=False),
    sa.Column('year', sa.SmallInteger(), nullable=False),
    sa.Column('number', sa.Integer(), nullable=False),
    sa.Column('day', sa.Date(), nullable=False),
    sa.Column('source', sa.Enum('operacion', 'apertura', 'ajuste', 'transferencia', 'gasto', 'devolucion', 'asignacion', 'revaluacion', name='source', native_enum=False, create_constraint=True, length=40), nullable=False),
    sa.Column('key', sa.Text(), nullable=False),
    sa.Column('words', sa.Text(), nullable=False),
    sa.Column('operation_code', sa.Text(), nullable=True),
    sa.Column('reverses_id', sa.BigInteger(), nullable=True),
    sa.Column('user_id', sa.BigInteger(), nullable=True),
    sa.Column('at', sa.DateTime(timezone=True), server_default=sa.text('now()'), nullable=False),
    sa.ForeignKeyConstraint(['operation_code'], ['operations.code'], name=op.f('fk_ledger_entries_operation_code')),
    sa.ForeignKeyConstraint(['reverses_id'], ['ledger_entries.id'], name=op.f('fk_ledger_entries_reverses_id')),
    sa.ForeignKeyConstraint(['user_id'], ['users.id'], name=op.f('fk_ledger_entries_user_id')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_ledger_entries')),
    sa.UniqueConstraint('key', name=op.f('uq_ledger_entries_key')),
    sa.UniqueConstraint('reverses_id', name=op.f('uq_ledger_entries_reverses_id')),
    sa.UniqueConstraint('year', 'number', name=op.f('uq_ledger_entries_year_number'))
    )
    op.create_index('ix_ledger_entries_day', 'ledger_entries', ['day', 'id'], unique=False)
    op.create_index('ix_ledger_entries_operation_code', 'ledger_entries', ['operation_code'], unique=False, postgresql_where=sa.text('operation_code IS NOT NULL'))
    op.create_table('matches',
    sa.Column('id', sa.BigInteger(), nullable=False),
    sa.Column('buy_code', sa.Text(), nullable=False),
    sa.Column('sell_code', sa.Text(), nullable=False),
    sa.Column('usd', sa.Numeric(precision=15, scale=2), nullable=False),
    sa.Column('type', sa.Enum('cliente con cliente', 'cobertura de mesa', 'mismo cliente', name='type', native_enum=False, create_constraint=True, length=40), nullable=False),
    sa.Column('day', sa.Date(), nullable=False),
    sa.Column('buy_rate', sa.Numeric(precision=10, scale=4), nullable=False),
    sa.Column('sell_rate', sa.Numeric(precision=10, scale=4), nullable=False),
    sa.Column('buy_desk', sa.Numeric(precision=10, scale=4), nullable=False),
    sa.Column('sell_desk', sa.Numeric(precision=10, scale=4), nullable=False),
    sa.Column('buy_trader_id', sa.BigInteger(), nullable=True),
    sa.Column('sell_trader_id', sa.BigInteger(), nullable=True),
    sa.Column('total', sa.Numeric(precision=15, scale=2), nullable=False),
    sa.Column('trader_buy', sa.Numeric(precision=15, scale=2), nullable=False),
    sa.Column('trader_sell', sa.Numeric(precision=15, scale=2), nullable=False),
    sa.Column('house', sa.Numeric(precision=15, scale=2), nullable=False),
    sa.Column('batch_id', sa.BigInteger(), nullable=True),
    sa.Column('user_id', sa.BigInteger(), nullable=False),
    sa.Column('at', sa.DateTime(timezone=True), server_default=sa.text('now()'), nullable=False),
    sa.Column('annulled_by', sa.BigInteger(), nullable=True),
    sa.Column('annulled_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('annulled_reason', sa.Text(), server_default='', nullable=False),
    sa.CheckConstraint('(annulled_at IS NULL) = (annulled_by IS NULL)', name=op.f('ck_matches_annulled')),
    sa.CheckConstraint('trader_buy + trader_sell + house = total', name=op.f('ck_matches_parts')),
    sa.CheckConstraint('usd > 0', name=op.f('ck_matches_usd')),
    sa.ForeignKeyConstraint(['annulled_by'], ['users.id'], name=op.f('fk_matches_annulled_by')),
    sa.ForeignKeyConstraint(['batch_id'], ['batches.id'], name=op.f('fk_matches_batch_id')),
    sa.ForeignKeyConstraint(['buy_code'], ['operations.code'], name=op.f('fk_matches_buy_code')),
    sa.ForeignKeyConstraint(['buy_trader_id'], ['users.id'], name=op.f('fk_matches_buy_trader_id')),
    sa.ForeignKeyConstraint(['sell_code'], ['operations.code'], name=op.f('fk_matches_sell_code')),
    sa.ForeignKeyConstraint(['sell_trader_id'], ['users.id'], name=op.f('fk_matches_sell_trader_id')),
    sa.ForeignKeyConstraint(['user_id'], ['users.id'], name=op.f('fk_matches_user_id')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_matches'))
    )
    op.create_index('ix_matches_batch_id', 'matches', ['batch_id'], unique=False)
    op.create_index('ix_matches_buy', 'matches', ['buy_code'], unique=False, postgresql_where=sa.text('annulled_at IS NULL'))
    op.create_index('ix_matches_day', 'matches', ['day', 'id'], unique=False)
    op.create_index('ix_matches_sell', 'matches', ['sell_code'], unique=False, postgresql_where=sa.text('annulled_at IS NULL'))
    op.create_table('ledger_lines',
    sa.Column('id', sa.BigInteger(), sa.Identity(always=False), nullable=False),
    sa.Column('entry_id', sa.BigInteger(), nullable=False),
    sa.Column('account', sa.Text(), nullable=False),
    sa.Column('currency', sa.Enum('USD', 'PEN', name='currency', native_enum=False, create_constraint=True, length=40), nullable=False),
    sa.Column('amount', sa.Numeric(precision=15, scale=2), nullable=False),
    sa.Column('pen', sa.Numeric(precision=15, scale=2), nullable=False),
    sa.Column('house_account_id', sa.BigInteger(), nullable=True),
    sa.CheckConstraint("currency <> 'PEN' OR amount = pen", name=op.f('ck_ledger_lines_soles')),
    sa.CheckConstraint('amount * pen >= 0', name=op.f('ck_ledger_lines_sides')),
    sa.CheckConstraint('amount <> 0 OR pen <> 0', name=op.f('ck_ledger_lines_something')),
    sa.ForeignKeyConstraint(['account'], ['ledger_accounts.code'], name=op.f('fk_ledger_lines_account')),
    sa.ForeignKeyConstraint(['entry_id'], ['ledger_entries.id'], name=op.f('fk_ledger_lines_entry_id')),
    sa.ForeignKeyConstraint(['house_account_id'], ['house_accounts.id'], name=op.f('fk_ledger_lines_house_account_id')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_ledger_lines'))
    )
    op.create_index('ix_ledger_lines_account', 'ledger_lines', ['account', 'id'], unique=False)
    op.create_index('ix_ledger_lines_entry_id', 'ledger_lines', ['entry_id'], unique=False)
    op.create_index('ix_ledger_lines_movements', 'ledger_lines', ['house_account_id', 'id'], unique=False, postgresql_where=sa.text('house_account_id IS NOT NULL'))
    op.create_table('statement_matches',
    sa.Column('id', sa.BigInteger(), nullable=False),
    sa.Column('statement_line_id', sa.BigInteger(), nullable=False),
    sa.Column('ledger_line_id', sa.BigInteger(), nullable=False),
    sa.Column('score', sa.Integer(), nullable=False),
    sa.Column('user_id', sa.BigInteger(), nullable=True),
    sa.Column('at', sa.DateTime(timezone=True), server_default=sa.text('now()'), nullable=False),
    sa.Column('undone_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('undone_by', sa.BigInteger(), nullable=True),
    sa.ForeignKeyConstraint(['ledger_line_id'], ['ledger_lines.id'], name=op.f('fk_statement_matches_ledger_line_id')),
    sa.ForeignKeyConstraint(['statement_line_id'], ['statement_lines.id'], name=op.f('fk_statement_matches_statement_line_id')),
    sa.ForeignKeyConstraint(['undone_by'], ['users.id'], name=op.f('fk_statement_matches_undone_by')),
    sa.ForeignKeyConstraint(['user_id'], ['users.id'], name=op.f('fk_statement_matches_user_id')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_statement_matches'))
    )
    op.create_index('ix_statement_matches_line', 'statement_matches', ['statement_line_id'], unique=False, postgresql_where=sa.text('undone_at IS NULL'))
    op.create_index('uq_statement_matches_movement', 'statement_matches', ['ledger_line_id'], unique=True, postgresql_where=sa.text('undone_at IS NULL'))
    seed()
    op.add_column('deposits', sa.Column('house_account_id', sa.BigInteger(), nullable=True))
    op.create_foreign_key(op.f('fk_deposits_house_account_id'), 'deposits', 'house_accounts', ['house_account_id'], ['id'])
    op.add_column('exchange_rates', sa.Column('base_buy', sa.Numeric(precision=10, scale=4), nullable=True))
    op.add_column('exchange_rates', sa.Column('base_sell', sa.Numeric(precision=10, scale=4), nullable=True))
    op.add_column('exchange_rates', sa.Column('confirmed_by', sa.BigInteger(), nullable=True))
    op.create_foreign_key(op.f('fk_exchange_rates_confirmed_by'), 'exchange_rates', 'users', ['confirmed_by'], ['id'])
    op.add_column('house_accounts', sa.Column('ledger_account', sa.Text(), nullable=True))
    op.execute("UPDATE house_accounts SET ledger_account = CASE currency WHEN 'USD' THEN '10412' ELSE '10411' END")
    op.alter_column('house_accounts', 'ledger_account', nullable=False)
    op.add_column('house_accounts', sa.Column('for_other_banks', sa.Boolean(), server_default=sa.text('false'), nullable=False))
    op.create_index('uq_house_accounts_for_other_banks', 'house_accounts', ['currency'], unique=True, postgresql_where=sa.text('for_other_banks AND active'))
    op.create_foreign_key(op.f('fk_house_accounts_ledger_account'), 'house_accounts', 'ledger_accounts', ['ledger_account'], ['code'])
    op.add_column('operations', sa.Column('rate_id', sa.BigInteger(), nullable=True))
    op.add_column('operations', sa.Column('desk_rate', sa.Numeric(precision=10, scale=4), nullable=True))
    op.create_index('ix_operations_completed', 'operations', ['finished_at', 'id'], unique=False, postgresql_where=sa.text("state = 'Completada'"))
    op.create_foreign_key(op.f('fk_operations_rate_id'), 'operations', 'exchange_rates', ['rate_id'], ['id'])
    op.add_column('payouts', sa.Column('house_account_id', sa.BigInteger(), nullable=True))
    op.create_foreign_key(op.f('fk_payouts_house_account_id'), 'payouts', 'house_accounts', ['house_account_id'], ['id'])
    op.add_column('refunds', sa.Column('house_account_id', sa.BigInteger(), nullable=True))
    op.add_column('refunds', sa.Column('reference', sa.Text(), server_default='', nullable=False))
    op.add_column('refunds', sa.Column('settled_at', sa.DateTime(timezone=True), nullable=True))
    op.add_column('refunds', sa.Column('settled_by', sa.BigInteger(), nullable=True))
    op.create_foreign_key(op.f('fk_refunds_house_account_id'), 'refunds', 'house_accounts', ['house_account_id'], ['id'])
    op.create_foreign_key(op.f('fk_refunds_settled_by'), 'refunds', 'users', ['settled_by'], ['id'])
    op.create_check_constraint(op.f('ck_exchange_rates_base'), 'exchange_rates', '(base_buy IS NULL) = (base_sell IS NULL)')
    op.create_check_constraint(op.f('ck_exchange_rates_order'), 'exchange_rates', 'buy <= base_buy AND base_buy <= base_sell AND base_sell <= sell')
    # A desk rate of zero made a loss of tens of thousands (F060).
    op.create_check_constraint(op.f('ck_operations_desk_rate'), 'operations', 'desk_rate > 0')
    protect()


def seed() -> None:
    accounts = sa.table('ledger_accounts', sa.column('code'), sa.column('name'))
    op.bulk_insert(accounts, [{'code': code, 'name': name} for code, name in CHART])
    op.execute("INSERT INTO ledger_mark (id, last_line_id, at) VALUES (1, 0, now())")


# The books are written once: an error is annulled by its mirror.
APPEND_ONLY = ("ledger_entries", "ledger_lines")
NEVER_DELETED = (
    "approvals", "bank_statements", "batches", "daily_closures", "daily_closure_lines", "house_accounts",
    "ledger_periods", "matches", "reference_rates", "statement_lines", "statement_matches",
)


def protect() -> None:
    for table in APPEND_ONLY:
        op.execute(f"CREATE TRIGGER append_only BEFORE UPDATE OR DELETE ON {table} FOR EACH ROW EXECUTE FUNCTION refuse_change()")
        op.execute(f"CREATE TRIGGER never_emptied BEFORE TRUNCATE ON {table} FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()")
    for table in NEVER_DELETED:
        op.execute(f"CREATE TRIGGER never_deleted BEFORE DELETE ON {table} FOR EACH ROW EXECUTE FUNCTION refuse_change()")
    # Inserts wait for the lock that closes a month, and then see that it is closed.
    op.execute("""
        CREATE FUNCTION refuse_closed_period() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN
            IF EXISTS (SELECT 1 FROM ledger_periods p WHERE p.closed
                       AND p.year = extract(year FROM NEW.day) AND p.month = extract(month FROM NEW.day)) THEN
                RAISE EXCEPTION 'the period of % is closed', NEW.day USING ERRCODE = 'QC001';
            END IF;
            RETURN NEW;
        END $$
    """)
    op.execute("CREATE TRIGGER closed_period BEFORE INSERT ON ledger_entries FOR EACH ROW EXECUTE FUNCTION refuse_closed_period()")
    # At commit, once for the entry and once for each line: so that nobody adds a line to an old entry either.
    op.execute("""
        CREATE FUNCTION check_entry() RETURNS trigger LANGUAGE plpgsql AS $$
        DECLARE
            entry bigint;
            found record;
        BEGIN
            IF TG_TABLE_NAME = 'ledger_entries' THEN entry := NEW.id; ELSE entry := NEW.entry_id; END IF;
            SELECT count(*) AS lines, coalesce(sum(pen), 0) AS pen,
                   coalesce(sum(amount) FILTER (WHERE currency = 'USD'), 0) AS usd,
                   coalesce(sum(amount) FILTER (WHERE currency = 'PEN'), 0) AS soles
            INTO found FROM ledger_lines WHERE entry_id = entry;
            IF found.lines < 2 OR found.pen <> 0 OR found.usd <> 0 OR found.soles <> 0 THEN
                RAISE EXCEPTION 'entry % does not balance', entry USING ERRCODE = 'QC002';
            END IF;
            RETURN NULL;
        END $$
    """)
    for table in APPEND_ONLY:
        op.execute(f"CREATE CONSTRAINT TRIGGER balances AFTER INSERT ON {table} DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION check_entry()")
    op.execute("""
        CREATE FUNCTION check_movement() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN
            IF NOT EXISTS (SELECT 1 FROM house_accounts h WHERE h.id = NEW.house_account_id
                           AND h.currency = NEW.currency AND h.ledger_account = NEW.account) THEN
                RAISE EXCEPTION 'line of another account than its bank account' USING ERRCODE = 'QC003';
            END IF;
            RETURN NEW;
        END $$
    """)
    # What came after the mark, in the snapshot of the statement that asks (STABLE), planned for the mark that it finds:
    # planned for any mark it would read the whole ledger.
    op.execute("""
        CREATE FUNCTION ledger_tail() RETURNS TABLE (
            day date, account text, house_account_id bigint, currency varchar, source varchar, mirrored boolean,
            debit numeric, credit numeric, pen_debit numeric, pen_credit numeric, lines bigint
        ) LANGUAGE plpgsql STABLE AS $$
        DECLARE
            mark bigint;
        BEGIN
            SELECT last_line_id INTO mark FROM ledger_mark;
            RETURN QUERY EXECUTE $q$
                SELECT e.day, l.account, coalesce(l.house_account_id, 0), l.currency, e.source, e.reverses_id IS NOT NULL,
                       coalesce(sum(l.amount) FILTER (WHERE l.amount > 0), 0),
                       coalesce(-sum(l.amount) FILTER (WHERE l.amount < 0), 0),
                       coalesce(sum(l.pen) FILTER (WHERE l.pen > 0), 0),
                       coalesce(-sum(l.pen) FILTER (WHERE l.pen < 0), 0), count(*)
                FROM ledger_lines l JOIN ledger_entries e ON e.id = l.entry_id
                WHERE l.id > $1 GROUP BY 1, 2, 3, 4, 5, 6
            $q$ USING mark;
        END $$
    """)
    op.execute("CREATE TRIGGER movement BEFORE INSERT ON ledger_lines FOR EACH ROW WHEN (NEW.house_account_id IS NOT NULL) EXECUTE FUNCTION check_movement()")

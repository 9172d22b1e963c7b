"""the spine"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql
revision = '0001'
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute(sa.schema.CreateSequence(sa.Sequence("operation_code_seq", start=1001)))
    op.create_table('audit_log',
    sa.Column('id', sa.BigInteger(), sa.Identity(always=False), nullable=False),
    sa.Column('actor_kind', sa.Text(), nullable=False),
    sa.Column('actor_id', sa.BigInteger(), nullable=False),
    sa.Column('actor_role', sa.String(), nullable=True),
    sa.Column('action', sa.Text(), nullable=False),
    sa.Column('entity', sa.Text(), nullable=False),
    sa.Column('entity_id', sa.Text(), nullable=False),
    sa.Column('changes', postgresql.JSONB(astext_type=sa.Text()), nullable=False),
    sa.Column('reason', sa.Text(), server_default='', nullable=False),
    sa.Column('at', sa.DateTime(timezone=True), server_default=sa.text('now()'), nullable=False),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_audit_log'))
    )
    op.create_index('ix_audit_log_entity', 'audit_log', ['entity', 'entity_id'], unique=False)
    op.create_table('deliveries',
    sa.Column('id', sa.BigInteger(), nullable=False),
    sa.Column('subject_key', sa.Text(), nullable=False),
    sa.Column('notice', sa.Text(), nullable=False),
    sa.Column('key', sa.Text(), server_default='', nullable=False),
    sa.Column('channel', sa.Text(), nullable=False),
    sa.Column('recipient', sa.Text(), nullable=False),
    sa.Column('message_id', sa.Text(), nullable=False),
    sa.Column('status', sa.Text(), server_default='pendiente', nullable=False),
    sa.Column('attempts', sa.Integer(), server_default='0', nullable=False),
    sa.Column('detail', sa.Text(), server_default='', nullable=False),
    sa.Column('created_at', sa.DateTime(timezone=True), server_default=sa.text('now()'), nullable=False),
    sa.Column('sent_at', sa.DateTime(timezone=True), nullable=True),
    sa.CheckConstraint("channel IN ('correo', 'push')", name=op.f('ck_deliveries_channel')),
    sa.CheckConstraint("status IN ('pendiente', 'enviado', 'rechazado')", name=op.f('ck_deliveries_status')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_deliveries')),
    sa.UniqueConstraint('subject_key', 'notice', 'key', 'channel', 'recipient', name=op.f('uq_deliveries_subject_key_notice_key_channel_recipient'))
    )
    op.create_index(op.f('ix_deliveries_subject_key'), 'deliveries', ['subject_key'], unique=False)
    op.create_table('house_accounts',
    sa.Column('id', sa.BigInteger(), nullable=False),
    sa.Column('bank', sa.Enum('BCP', 'INTERBANK', 'PICHINCHA', 'BANBIF', 'BBVA', 'SCOTIABANK', 'OTROS', name='bank', native_enum=False, create_constraint=True, length=40), nullable=False),
    sa.Column('currency', sa.Enum('USD', 'PEN', name='currency', native_enum=False, create_constraint=True, length=40), nullable=False),
    sa.Column('number', sa.Text(), nullable=False),
    sa.Column('cci', sa.Text(), nullable=False),
    sa.Column('holder', sa.Text(), nullable=False),
    sa.Column('holder_ruc', sa.Text(), nullable=False),
    sa.Column('active', sa.Boolean(), server_default=sa.text('true'), nullable=False),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_house_accounts')),
    sa.UniqueConstraint('bank', 'currency', 'number', name=op.f('uq_house_accounts_bank_currency_number'))
    )
    op.create_table('idempotency_keys',
    sa.Column('scope', sa.Text(), nullable=False),
    sa.Column('key', sa.Text(), nullable=False),
    sa.Column('body_hash', sa.Text(), nullable=False),
    sa.Column('operation_code', sa.Text(), nullable=False),
    sa.Column('quote', postgresql.JSONB(astext_type=sa.Text()), nullable=False),
    sa.Column('created_at', sa.DateTime(timezone=True), server_default=sa.text('now()'), nullable=False),
    sa.PrimaryKeyConstraint('scope', 'key', name=op.f('pk_idempotency_keys'))
    )
    op.create_table('incidents',
    sa.Column('id', sa.BigInteger(), nullable=False),
    sa.Column('kind', sa.Text(), nullable=False),
    sa.Column('subject', sa.Text(), nullable=False),
    sa.Column('detail', sa.Text(), nullable=False),
    sa.Column('opened_at', sa.DateTime(timezone=True), server_default=sa.text('now()'), nullable=False),
    sa.Column('closed_at', sa.DateTime(timezone=True), nullable=True),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_incidents'))
    )
    op.create_index('uq_incidents_open', 'incidents', ['kind', 'subject'], unique=True, postgresql_where=sa.text('closed_at IS NULL'))
    op.create_table('invoice_series',
    sa.Column('series', sa.Text(), nullable=False),
    sa.Column('type', sa.Enum('factura', 'boleta', 'nota_credito', name='type', native_enum=False, create_constraint=True, length=40), nullable=False),
    sa.Column('next_number', sa.Integer(), server_default='1', nullable=False),
    sa.PrimaryKeyConstraint('series', name=op.f('pk_invoice_series'))
    )
    op.create_table('notifications',
    sa.Column('id', sa.BigInteger(), sa.Identity(always=False), nullable=False),
    sa.Column('key', sa.Text(), nullable=False),
    sa.Column('room', sa.Text(), nullable=False),
    sa.Column('event', sa.Text(), nullable=False),
    sa.Column('operation_code', sa.String(), nullable=True),
    sa.Column('payload', postgresql.JSONB(astext_type=sa.Text()), nullable=False),
    sa.Column('at', sa.DateTime(timezone=True), server_default=sa.text('now()'), nullable=False),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_notifications'))
    )
    op.create_index('ix_notifications_room', 'notifications', ['room', 'id'], unique=False)
    op.create_index('uq_notifications_key', 'notifications', ['key', 'room', 'event'], unique=True)
    op.create_table('parameters',
    sa.Column('id', sa.BigInteger(), nullable=False),
    sa.Column('name', sa.Text(), nullable=False),
    sa.Column('value', sa.Text(), nullable=False),
    sa.Column('valid_from', sa.Date(), nullable=False),
    sa.Column('source', sa.Text(), nullable=False),
    sa.Column('user_id', sa.BigInteger(), nullable=True),
    sa.Column('created_at', sa.DateTime(timezone=True), server_default=sa.text('now()'), nullable=False),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_parameters')),
    sa.UniqueConstraint('name', 'valid_from', name=op.f('uq_parameters_name_valid_from'))
    )
    op.create_table('users',
    sa.Column('id', sa.BigInteger(), nullable=False),
    sa.Column('username', sa.Text(), nullable=False),
    sa.Column('email', sa.Text(), nullable=False),
    sa.Column('full_name', sa.Text(), nullable=False),
    sa.Column('role', sa.Enum('Master', 'Trader', 'Operador', 'Middle Office', name='role', native_enum=False, create_constraint=True, length=40), nullable=False),
    sa.Column('status', sa.Text(), server_default='Activo', nullable=False),
    sa.Column('password_hash', sa.Text(), nullable=False),
    sa.Column('must_change_password', sa.Boolean(), server_default=sa.text('false'), nullable=False),
    sa.Column('failed_attempts', sa.Integer(), server_default='0', nullable=False),
    sa.Column('locked_until', sa.DateTime(timezone=True), nullable=True),
    sa.Column('last_login', sa.DateTime(timezone=True), nullable=True),
    sa.Column('created_at', sa.DateTime(timezone=True), server_default=sa.text('now()'), nullable=False),
    sa.CheckConstraint("status IN ('Activo', 'Inactivo')", name=op.f('ck_users_status')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_users'))
    )
    op.create_index('uq_users_active_email', 'users', [sa.literal_column('lower(email)')], unique=True, postgresql_where=sa.text("status = 'Activo'"))
    op.create_index('uq_users_active_username', 'users', [sa.literal_column('lower(username)')], unique=True, postgresql_where=sa.text("status = 'Activo'"))
    op.create_table('clients',
    sa.Column('id', sa.BigInteger(), nullable=False),
    sa.Column('document_type', sa.Enum('DNI', 'CE', 'RUC', 'Pasaporte', name='document_type', native_enum=False, create_constraint=True, length=40), nullable=False),
    sa.Column('document_number', sa.Text(), nullable=False),
    sa.Column('given_names', sa.Text(), server_default='', nullable=False),
    sa.Column('paternal_surname', sa.Text(), server_default='', nullable=False),
    sa.Column('maternal_surname', sa.Text(), server_default='', nullable=False),
    sa.Column('company_name', sa.Text(), server_default='', nullable=False),
    sa.Column('contact_person', sa.Text(), server_default='', nullable=False),
    sa.Column('email', sa.Text(), nullable=False),
    sa.Column('phone', sa.Text(), server_default='', nullable=False),
    sa.Column('address', sa.Text(), server_default='', nullable=False),
    sa.Column('department', sa.Text(), server_default='', nullable=False),
    sa.Column('province', sa.Text(), server_default='', nullable=False),
    sa.Column('district', sa.Text(), server_default='', nullable=False),
    sa.Column('status', sa.Enum('Activo', 'Inactivo', 'Bloqueado', name='status', native_enum=False, create_constraint=True, length=40), nullable=False),
    sa.Column('kyc_status', sa.Enum('pendiente', 'en_proceso', 'aprobado', 'rechazado', name='kyc_status', native_enum=False, create_constraint=True, length=40), nullable=False),
    sa.Column('has_complete_documents', sa.Boolean(), server_default=sa.text('false'), nullable=False),
    sa.Column('origin', sa.Text(), server_default='web', nullable=False),
    sa.Column('accepts_promotions', sa.Boolean(), server_default=sa.text('false'), nullable=False),
    sa.Column('trader_id', sa.BigInteger(), nullable=True),
    sa.Column('password_hash', sa.Text(), nullable=False),
    sa.Column('temporary_password_hash', sa.String(), nullable=True),
    sa.Column('temporary_password_until', sa.DateTime(timezone=True), nullable=True),
    sa.Column('requires_password_change', sa.Boolean(), server_default=sa.text('false'), nullable=False),
    sa.Column('failed_attempts', sa.Integer(), server_default='0', nullable=False),
    sa.Column('locked_until', sa.DateTime(timezone=True), nullable=True),
    sa.Column('referral_code', sa.Text(), nullable=False),
    sa.Column('used_referral_code', sa.String(), nullable=True),
    sa.Column('referred_by', sa.BigInteger(), nullable=True),
    sa.Column('list_match', sa.Boolean(), server_default=sa.text('false'), nullable=False),
    sa.Column('completed_operations', sa.Integer(), server_default='0', nullable=False),
    sa.Column('closed_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('created_at', sa.DateTime(timezone=True), server_default=sa.text('now()'), nullable=False),
    sa.ForeignKeyConstraint(['referred_by'], ['clients.id'], name=op.f('fk_clients_referred_by')),
    sa.ForeignKeyConstraint(['trader_id'], ['users.id'], name=op.f('fk_clients_trader_id')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_clients')),
    sa.UniqueConstraint('referral_code', name=op.f('uq_clients_referral_code'))
    )
    op.create_index('ix_clients_document_number', 'clients', ['document_number'], unique=False)
    op.create_index(op.f('ix_clients_referred_by'), 'clients', ['referred_by'], unique=False)
    op.create_index(op.f('ix_clients_trader_id'), 'clients', ['trader_id'], unique=False)
    op.create_index('uq_clients_live_document', 'clients', ['document_type', 'document_number'], unique=True, postgresql_where=sa.text('closed_at IS NULL'))
    op.create_table('exchange_rates',
    sa.Column('id', sa.BigInteger(), nullable=False),
    sa.Column('buy', sa.Numeric(precision=10, scale=4), nullable=False),
    sa.Column('sell', sa.Numeric(precision=10, scale=4), nullable=False),
    sa.Column('user_id', sa.BigInteger(), nullable=True),
    sa.Column('at', sa.DateTime(timezone=True), server_default=sa.text('now()'), nullable=False),
    sa.CheckConstraint('buy > 0 AND sell >= buy', name=op.f('ck_exchange_rates_spread')),
    sa.ForeignKeyConstraint(['user_id'], ['users.id'], name=op.f('fk_exchange_rates_user_id')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_exchange_rates'))
    )
    op.create_table('client_accounts',
    sa.Column('id', sa.BigInteger(), nullable=False),
    sa.Column('client_id', sa.BigInteger(), nullable=False),
    sa.Column('position', sa.Integer(), nullable=False),
    sa.Column('bank', sa.Enum('BCP', 'INTERBANK', 'PICHINCHA', 'BANBIF', 'BBVA', 'SCOTIABANK', 'OTROS', name='bank', native_enum=False, create_constraint=True, length=40), nullable=False),
    sa.Column('bank_label', sa.Text(), server_default='', nullable=False),
    sa.Column('account_type', sa.Enum('Ahorro', 'Corriente', name='account_type', native_enum=False, create_constraint=True, length=40), nullable=False),
    sa.Column('currency', sa.Enum('USD', 'PEN', name='currency', native_enum=False, create_constraint=True, length=40), nullable=False),
    sa.Column('number', sa.Text(), nullable=False),
    sa.Column('region', sa.Enum('Lima', 'Provincia', name='region', native_enum=False, create_constraint=True, length=40), nullable=False),
    sa.Column('removed_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('created_at', sa.DateTime(timezone=True), server_default=sa.text('now()'), nullable=False),
    sa.ForeignKeyConstraint(['client_id'], ['clients.id'], name=op.f('fk_client_accounts_client_id')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_client_accounts'))
    )
    op.create_index(op.f('ix_client_accounts_client_id'), 'client_accounts', ['client_id'], unique=False)
    op.create_index('uq_client_accounts_live', 'client_accounts', ['client_id', 'bank', 'account_type', 'currency', 'number'], unique=True, postgresql_where=sa.text('removed_at IS NULL'))
    op.create_table('client_documents',
    sa.Column('id', sa.BigInteger(), nullable=False),
    sa.Column('client_id', sa.BigInteger(), nullable=False),
    sa.Column('kind', sa.Text(), nullable=False),
    sa.Column('file_key', sa.Text(), nullable=False),
    sa.Column('content_type', sa.Text(), nullable=False),
    sa.Column('size', sa.Integer(), nullable=False),
    sa.Column('created_at', sa.DateTime(timezone=True), server_default=sa.text('now()'), nullable=False),
    sa.CheckConstraint("kind IN ('dni_front', 'dni_back', 'ruc_ficha')", name=op.f('ck_client_documents_kind')),
    sa.ForeignKeyConstraint(['client_id'], ['clients.id'], name=op.f('fk_client_documents_client_id')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_client_documents')),
    sa.UniqueConstraint('client_id', 'kind', 'file_key', name=op.f('uq_client_documents_client_id_kind_file_key'))
    )
    op.create_index(op.f('ix_client_documents_client_id'), 'client_documents', ['client_id'], unique=False)
    op.create_table('push_subscriptions',
    sa.Column('id', sa.BigInteger(), nullable=False),
    sa.Column('client_id', sa.BigInteger(), nullable=False),
    sa.Column('kind', sa.Text(), nullable=False),
    sa.Column('endpoint', sa.Text(), nullable=False),
    sa.Column('keys', postgresql.JSONB(astext_type=sa.Text()), server_default=sa.text("'{}'::jsonb"), nullable=False),
    sa.Column('created_at', sa.DateTime(timezone=True), server_default=sa.text('now()'), nullable=False),
    sa.Column('failed_at', sa.DateTime(timezone=True), nullable=True),
    sa.CheckConstraint("kind IN ('expo', 'web')", name=op.f('ck_push_subscriptions_kind')),
    sa.ForeignKeyConstraint(['client_id'], ['clients.id'], name=op.f('fk_push_subscriptions_client_id')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_push_subscriptions')),
    sa.UniqueConstraint('client_id', 'endpoint', name=op.f('uq_push_subscriptions_client_id_endpoint'))
    )
    op.create_index(op.f('ix_push_subscriptions_client_id'), 'push_subscriptions', ['client_id'], unique=False)
    op.create_table('sessions',
    sa.Column('id', sa.BigInteger(), nullable=False),
    sa.Column('token_hash', sa.Text(), nullable=False),
    sa.Column('user_id', sa.BigInteger(), nullable=True),
    sa.Column('client_id', sa.BigInteger(), nullable=True),
    sa.Column('created_at', sa.DateTime(timezone=True), server_default=sa.text('now()'), nullable=False),
    sa.Column('last_seen_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('expires_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('ended_at', sa.DateTime(timezone=True), nullable=True),
    sa.CheckConstraint('(user_id IS NULL) <> (client_id IS NULL)', name=op.f('ck_sessions_one_subject')),
    sa.ForeignKeyConstraint(['client_id'], ['clients.id'], name=op.f('fk_sessions_client_id')),
    sa.ForeignKeyConstraint(['user_id'], ['users.id'], name=op.f('fk_sessions_user_id')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_sessions')),
    sa.UniqueConstraint('token_hash', name=op.f('uq_sessions_token_hash'))
    )
    op.create_index(op.f('ix_sessions_client_id'), 'sessions', ['client_id'], unique=False)
    op.create_index(op.f('ix_sessions_user_id'), 'sessions', ['user_id'], unique=False)
    op.create_table('operations',
    sa.Column('id', sa.BigInteger(), sa.Identity(always=False), nullable=False),
    sa.Column('code', sa.Text(), nullable=False),
    sa.Column('version', sa.Integer(), nullable=False),
    sa.Column('last_update_id', sa.Text(), nullable=False),
    sa.Column('client_id', sa.BigInteger(), nullable=False),
    sa.Column('trader_id', sa.BigInteger(), nullable=True),
    sa.Column('created_by_user_id', sa.BigInteger(), nullable=True),
    sa.Column('kind', sa.Enum('Compra', 'Venta', name='kind', native_enum=False, create_constraint=True, length=40), nullable=False),
    sa.Column('origin', sa.Enum('web', 'app', 'plataforma', 'portal', 'sistema', name='origin', native_enum=False, create_constraint=True, length=40), nullable=False),
    sa.Column('state', sa.Enum('Pendiente', 'En proceso', 'Completada', 'Cancelado', 'Expirada', name='state', native_enum=False, create_constraint=True, length=40), nullable=False),
    sa.Column('amount_usd', sa.Numeric(precision=15, scale=2), nullable=False),
    sa.Column('amount_pen', sa.Numeric(precision=15, scale=2), nullable=False),
    sa.Column('base_rate', sa.Numeric(precision=10, scale=4), nullable=False),
    sa.Column('rate', sa.Numeric(precision=10, scale=4), nullable=False),
    sa.Column('coupon', sa.Text(), server_default='', nullable=False),
    sa.Column('coupon_pips', sa.Integer(), server_default='0', nullable=False),
    sa.Column('source_account_id', sa.BigInteger(), nullable=False),
    sa.Column('destination_account_id', sa.BigInteger(), nullable=False),
    sa.Column('source_bank', sa.Enum('BCP', 'INTERBANK', 'PICHINCHA', 'BANBIF', 'BBVA', 'SCOTIABANK', 'OTROS', name='source_bank', native_enum=False, create_constraint=True, length=40), nullable=False),
    sa.Column('source_account', sa.Text(), nullable=False),
    sa.Column('destination_bank', sa.Enum('BCP', 'INTERBANK', 'PICHINCHA', 'BANBIF', 'BBVA', 'SCOTIABANK', 'OTROS', name='destination_bank', native_enum=False, create_constraint=True, length=40), nullable=False),
    sa.Column('destination_account', sa.Text(), nullable=False),
    sa.Column('operator_id', sa.BigInteger(), nullable=True),
    sa.Column('assessment', sa.Enum('pendiente', 'conforme', 'retenida', name='assessment', native_enum=False, create_constraint=True, length=40), nullable=False),
    sa.Column('attention', sa.Text(), server_default='', nullable=False),
    sa.Column('comments', sa.Text(), server_default='', nullable=False),
    sa.Column('reason', sa.Text(), server_default='', nullable=False),
    sa.Column('created_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('expires_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('time_left', sa.Interval(), nullable=True),
    sa.Column('in_process_since', sa.DateTime(timezone=True), nullable=True),
    sa.Column('finished_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('updated_at', sa.DateTime(timezone=True), nullable=False),
    sa.CheckConstraint('amount_usd > 0 AND amount_pen > 0', name=op.f('ck_operations_amounts')),
    sa.CheckConstraint('coupon_pips >= 0', name=op.f('ck_operations_coupon_pips')),
    sa.CheckConstraint('rate > 0 AND base_rate > 0', name=op.f('ck_operations_rates')),
    sa.ForeignKeyConstraint(['client_id'], ['clients.id'], name=op.f('fk_operations_client_id')),
    sa.ForeignKeyConstraint(['created_by_user_id'], ['users.id'], name=op.f('fk_operations_created_by_user_id')),
    sa.ForeignKeyConstraint(['destination_account_id'], ['client_accounts.id'], name=op.f('fk_operations_destination_account_id')),
    sa.ForeignKeyConstraint(['operator_id'], ['users.id'], name=op.f('fk_operations_operator_id')),
    sa.ForeignKeyConstraint(['source_account_id'], ['client_accounts.id'], name=op.f('fk_operations_source_account_id')),
    sa.ForeignKeyConstraint(['trader_id'], ['users.id'], name=op.f('fk_operations_trader_id')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_operations')),
    sa.UniqueConstraint('code', name=op.f('uq_operations_code'))
    )
    op.create_index('ix_operations_client_recent', 'operations', ['client_id', sa.literal_column('id DESC')], unique=False)
    op.create_index('ix_operations_operator_open', 'operations', ['operator_id'], unique=False, postgresql_where=sa.text("state = 'En proceso'"))
    op.create_index('ix_operations_state_recent', 'operations', ['state', sa.literal_column('id DESC')], unique=False)
    op.create_index(op.f('ix_operations_trader_id'), 'operations', ['trader_id'], unique=False)
    op.create_index('uq_operations_active_self_service', 'operations', ['client_id'], unique=True, postgresql_where=sa.text("state IN ('Pendiente', 'En proceso') AND origin <> 'sistema'"))
    op.create_table('deposits',
    sa.Column('operation_code', sa.Text(), nullable=False),
    sa.Column('number', sa.Integer(), autoincrement=False, nullable=False),
    sa.Column('amount', sa.Numeric(precision=15, scale=2), nullable=False),
    sa.Column('account_id', sa.BigInteger(), nullable=True),
    sa.Column('bank', sa.Text(), server_default='', nullable=False),
    sa.Column('account', sa.Text(), server_default='', nullable=False),
    sa.Column('transfer_code', sa.Text(), server_default='', nullable=False),
    sa.Column('created_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('removed_at', sa.DateTime(timezone=True), nullable=True),
    sa.CheckConstraint('amount > 0', name=op.f('ck_deposits_amount')),
    sa.ForeignKeyConstraint(['account_id'], ['client_accounts.id'], name=op.f('fk_deposits_account_id')),
    sa.ForeignKeyConstraint(['operation_code'], ['operations.code'], name=op.f('fk_deposits_operation_code')),
    sa.PrimaryKeyConstraint('operation_code', 'number', name=op.f('pk_deposits'))
    )
    op.create_table('invoices',
    sa.Column('id', sa.BigInteger(), nullable=False),
    sa.Column('operation_code', sa.Text(), nullable=False),
    sa.Column('type', sa.Enum('factura', 'boleta', 'nota_credito', name='type', native_enum=False, create_constraint=True, length=40), nullable=False),
    sa.Column('series', sa.Text(), nullable=False),
    sa.Column('number', sa.Integer(), nullable=False),
    sa.Column('status', sa.Enum('Pendiente', 'Enviado', 'Aceptado', 'Rechazado', 'Anulado', name='status', native_enum=False, create_constraint=True, length=40), nullable=False),
    sa.Column('total_pen', sa.Numeric(precision=15, scale=2), nullable=False),
    sa.Column('issued_on', sa.String(), nullable=False, comment='Lima date of emission, ISO'),
    sa.Column('request', postgresql.JSONB(astext_type=sa.Text()), nullable=False),
    sa.Column('pdf_url', sa.Text(), server_default='', nullable=False),
    sa.Column('xml_url', sa.Text(), server_default='', nullable=False),
    sa.Column('cdr_url', sa.Text(), server_default='', nullable=False),
    sa.Column('sunat_code', sa.Text(), server_default='', nullable=False),
    sa.Column('sunat_description', sa.Text(), server_default='', nullable=False),
    sa.Column('hash', sa.Text(), server_default='', nullable=False),
    sa.Column('reserved_at', sa.DateTime(timezone=True), server_default=sa.text('now()'), nullable=False),
    sa.Column('sent_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('accepted_at', sa.DateTime(timezone=True), nullable=True),
    sa.CheckConstraint('total_pen > 0', name=op.f('ck_invoices_total')),
    sa.ForeignKeyConstraint(['operation_code'], ['operations.code'], name=op.f('fk_invoices_operation_code')),
    sa.ForeignKeyConstraint(['series'], ['invoice_series.series'], name=op.f('fk_invoices_series')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_invoices')),
    sa.UniqueConstraint('series', 'number', name=op.f('uq_invoices_series_number'))
    )
    op.create_index('uq_invoices_live_operation', 'invoices', ['operation_code'], unique=True, postgresql_where=sa.text("status <> 'Anulado'"))
    op.create_table('operation_events',
    sa.Column('id', sa.BigInteger(), sa.Identity(always=False), nullable=False),
    sa.Column('operation_code', sa.Text(), nullable=False),
    sa.Column('version', sa.Integer(), nullable=False),
    sa.Column('event', sa.Text(), nullable=False),
    sa.Column('state', sa.Enum('Pendiente', 'En proceso', 'Completada', 'Cancelado', 'Expirada', name='state', native_enum=False, create_constraint=True, length=40), nullable=False),
    sa.Column('actor_kind', sa.Text(), nullable=False),
    sa.Column('actor_id', sa.BigInteger(), nullable=False),
    sa.Column('actor_role', sa.String(), nullable=True),
    sa.Column('reason', sa.Text(), server_default='', nullable=False),
    sa.Column('update_id', sa.Text(), nullable=False),
    sa.Column('changes', postgresql.JSONB(astext_type=sa.Text()), nullable=False),
    sa.Column('at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('orphaned_at', sa.DateTime(timezone=True), nullable=True),
    sa.ForeignKeyConstraint(['operation_code'], ['operations.code'], name=op.f('fk_operation_events_operation_code')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_operation_events'))
    )
    op.create_index('ix_operation_events_operation_code', 'operation_events', ['operation_code', 'id'], unique=False)
    op.create_index('uq_operation_events_version', 'operation_events', ['operation_code', 'version'], unique=True, postgresql_where=sa.text('orphaned_at IS NULL'))
    op.create_table('operation_notes',
    sa.Column('id', sa.BigInteger(), sa.Identity(always=False), nullable=False),
    sa.Column('operation_code', sa.Text(), nullable=False),
    sa.Column('key', sa.Text(), nullable=False),
    sa.Column('user_id', sa.BigInteger(), nullable=True),
    sa.Column('text', sa.Text(), nullable=False),
    sa.Column('at', sa.DateTime(timezone=True), nullable=False),
    sa.ForeignKeyConstraint(['operation_code'], ['operations.code'], name=op.f('fk_operation_notes_operation_code')),
    sa.ForeignKeyConstraint(['user_id'], ['users.id'], name=op.f('fk_operation_notes_user_id')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_operation_notes')),
    sa.UniqueConstraint('operation_code', 'key', name=op.f('uq_operation_notes_operation_code_key'))
    )
    op.create_table('payouts',
    sa.Column('operation_code', sa.Text(), nullable=False),
    sa.Column('number', sa.Integer(), autoincrement=False, nullable=False),
    sa.Column('amount', sa.Numeric(precision=15, scale=2), nullable=False),
    sa.Column('account_id', sa.BigInteger(), nullable=True),
    sa.Column('bank', sa.Text(), server_default='', nullable=False),
    sa.Column('account', sa.Text(), server_default='', nullable=False),
    sa.Column('transfer_code', sa.Text(), server_default='', nullable=False),
    sa.Column('created_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('removed_at', sa.DateTime(timezone=True), nullable=True),
    sa.CheckConstraint('amount > 0', name=op.f('ck_payouts_amount')),
    sa.ForeignKeyConstraint(['account_id'], ['client_accounts.id'], name=op.f('fk_payouts_account_id')),
    sa.ForeignKeyConstraint(['operation_code'], ['operations.code'], name=op.f('fk_payouts_operation_code')),
    sa.PrimaryKeyConstraint('operation_code', 'number', name=op.f('pk_payouts'))
    )
    op.create_table('proofs',
    sa.Column('id', sa.BigInteger(), sa.Identity(always=False), nullable=False),
    sa.Column('operation_code', sa.Text(), nullable=False),
    sa.Column('number', sa.Integer(), nullable=False),
    sa.Column('by_operator', sa.Boolean(), nullable=False),
    sa.Column('file_key', sa.Text(), nullable=False),
    sa.Column('content_type', sa.Text(), nullable=False),
    sa.Column('size', sa.Integer(), nullable=False),
    sa.Column('comment', sa.Text(), server_default='', nullable=False),
    sa.Column('created_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('removed_at', sa.DateTime(timezone=True), nullable=True),
    sa.ForeignKeyConstraint(['operation_code'], ['operations.code'], name=op.f('fk_proofs_operation_code')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_proofs')),
    sa.UniqueConstraint('operation_code', 'number', name=op.f('uq_proofs_operation_code_number'))
    )
    op.create_table('refunds',
    sa.Column('id', sa.BigInteger(), nullable=False),
    sa.Column('operation_code', sa.Text(), nullable=False),
    sa.Column('currency', sa.Text(), nullable=False),
    sa.Column('amount', sa.Numeric(precision=15, scale=2), nullable=False),
    sa.Column('status', sa.Text(), server_default='Pendiente', nullable=False),
    sa.Column('opened_at', sa.DateTime(timezone=True), nullable=False),
    sa.CheckConstraint('amount > 0', name=op.f('ck_refunds_amount')),
    sa.ForeignKeyConstraint(['operation_code'], ['operations.code'], name=op.f('fk_refunds_operation_code')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_refunds')),
    sa.UniqueConstraint('operation_code', name=op.f('uq_refunds_operation_code'))
    )
    op.create_table('reward_codes',
    sa.Column('id', sa.BigInteger(), nullable=False),
    sa.Column('code', sa.Text(), nullable=False),
    sa.Column('owner_id', sa.BigInteger(), nullable=False),
    sa.Column('pips', sa.Integer(), nullable=False),
    sa.Column('created_at', sa.DateTime(timezone=True), server_default=sa.text('now()'), nullable=False),
    sa.Column('reserved_for', sa.Text(), nullable=True),
    sa.Column('used_at', sa.DateTime(timezone=True), nullable=True),
    sa.ForeignKeyConstraint(['owner_id'], ['clients.id'], name=op.f('fk_reward_codes_owner_id')),
    sa.ForeignKeyConstraint(['reserved_for'], ['operations.code'], name=op.f('fk_reward_codes_reserved_for')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_reward_codes')),
    sa.UniqueConstraint('code', name=op.f('uq_reward_codes_code')),
    sa.UniqueConstraint('reserved_for', name=op.f('uq_reward_codes_reserved_for'))
    )
    op.create_index(op.f('ix_reward_codes_owner_id'), 'reward_codes', ['owner_id'], unique=False)
    op.create_table('settlements',
    sa.Column('operation_code', sa.Text(), nullable=False),
    sa.Column('kind', sa.Text(), nullable=False),
    sa.Column('detail', postgresql.JSONB(astext_type=sa.Text()), nullable=False),
    sa.Column('posted_at', sa.DateTime(timezone=True), server_default=sa.text('now()'), nullable=False),
    sa.ForeignKeyConstraint(['operation_code'], ['operations.code'], name=op.f('fk_settlements_operation_code')),
    sa.PrimaryKeyConstraint('operation_code', 'kind', name=op.f('pk_settlements'))
    )
    op.create_table('transaction_monitoring',
    sa.Column('id', sa.BigInteger(), nullable=False),
    sa.Column('operation_code', sa.Text(), nullable=False),
    sa.Column('client_id', sa.BigInteger(), nullable=False),
    sa.Column('occasion', sa.Text(), nullable=False),
    sa.Column('outcome', sa.Enum('pendiente', 'conforme', 'retenida', name='outcome', native_enum=False, create_constraint=True, length=40), nullable=False),
    sa.Column('findings', postgresql.JSONB(astext_type=sa.Text()), nullable=False),
    sa.Column('at', sa.DateTime(timezone=True), server_default=sa.text('now()'), nullable=False),
    sa.ForeignKeyConstraint(['client_id'], ['clients.id'], name=op.f('fk_transaction_monitoring_client_id')),
    sa.ForeignKeyConstraint(['operation_code'], ['operations.code'], name=op.f('fk_transaction_monitoring_operation_code')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_transaction_monitoring')),
    sa.UniqueConstraint('operation_code', 'occasion', name=op.f('uq_transaction_monitoring_operation_code_occasion'))
    )
    op.create_index(op.f('ix_transaction_monitoring_client_id'), 'transaction_monitoring', ['client_id'], unique=False)
    op.create_table('invoice_attempts',
    sa.Column('id', sa.BigInteger(), sa.Identity(always=False), nullable=False),
    sa.Column('invoice_id', sa.BigInteger(), nullable=False),
    sa.Column('action', sa.Text(), nullable=False),
    sa.Column('outcome', sa.Text(), nullable=False),
    sa.Column('request', postgresql.JSONB(astext_type=sa.Text()), nullable=False),
    sa.Column('response', postgresql.JSONB(astext_type=sa.Text()), nullable=False),
    sa.Column('at', sa.DateTime(timezone=True), server_default=sa.text('now()'), nullable=False),
    sa.ForeignKeyConstraint(['invoice_id'], ['invoices.id'], name=op.f('fk_invoice_attempts_invoice_id')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_invoice_attempts'))
    )
    op.create_index(op.f('ix_invoice_attempts_invoice_id'), 'invoice_attempts', ['invoice_id'], unique=False)
    op.create_table('referral_ledger',
    sa.Column('id', sa.BigInteger(), nullable=False),
    sa.Column('client_id', sa.BigInteger(), nullable=False),
    sa.Column('kind', sa.Enum('beneficio', 'canje', 'manual', name='kind', native_enum=False, create_constraint=True, length=40), nullable=False),
    sa.Column('pips', sa.Integer(), nullable=False),
    sa.Column('operation_code', sa.Text(), nullable=True),
    sa.Column('reward_code_id', sa.BigInteger(), nullable=True),
    sa.Column('user_id', sa.BigInteger(), nullable=True),
    sa.Column('reason', sa.Text(), server_default='', nullable=False),
    sa.Column('at', sa.DateTime(timezone=True), server_default=sa.text('now()'), nullable=False),
    sa.CheckConstraint('pips <> 0', name=op.f('ck_referral_ledger_pips')),
    sa.ForeignKeyConstraint(['client_id'], ['clients.id'], name=op.f('fk_referral_ledger_client_id')),
    sa.ForeignKeyConstraint(['operation_code'], ['operations.code'], name=op.f('fk_referral_ledger_operation_code')),
    sa.ForeignKeyConstraint(['reward_code_id'], ['reward_codes.id'], name=op.f('fk_referral_ledger_reward_code_id')),
    sa.ForeignKeyConstraint(['user_id'], ['users.id'], name=op.f('fk_referral_ledger_user_id')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_referral_ledger')),
    sa.UniqueConstraint('reward_code_id', name=op.f('uq_referral_ledger_reward_code_id'))
    )
    op.create_index(op.f('ix_referral_ledger_client_id'), 'referral_ledger', ['client_id'], unique=False)
    op.create_index('uq_referral_ledger_operation', 'referral_ledger', ['operation_code', 'kind'], unique=True, postgresql_where=sa.text('operation_code IS NOT NULL'))
    protect()


# History and money are written once. Nothing financial is ever deleted (support staff of the predecessor did both).
APPEND_ONLY = ("audit_log", "exchange_rates", "invoice_attempts", "referral_ledger", "settlements")
NEVER_DELETED = (
    "clients", "client_accounts", "deposits", "invoices", "operation_events", "operation_notes", "operations",
    "payouts", "proofs", "refunds", "reward_codes", "transaction_monitoring", "users",
)


def protect() -> None:
    op.execute("""
        CREATE FUNCTION refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN
            RAISE EXCEPTION '% is append-only: % refused', TG_TABLE_NAME, TG_OP USING ERRCODE = 'restrict_violation';
        END $$
    """)
    # The one change of a past event: a lost write is marked as an orphan, once.
    op.execute("""
        CREATE FUNCTION only_mark_orphan() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN
            IF OLD.orphaned_at IS NOT NULL OR NEW.orphaned_at IS NULL
               OR to_jsonb(NEW) - 'orphaned_at' <> to_jsonb(OLD) - 'orphaned_at' THEN
                RAISE EXCEPTION 'operation_events is append-only' USING ERRCODE = 'restrict_violation';
            END IF;
            RETURN NEW;
        END $$
    """)
    for table in APPEND_ONLY:
        op.execute(f"CREATE TRIGGER append_only BEFORE UPDATE OR DELETE ON {table} FOR EACH ROW EXECUTE FUNCTION refuse_change()")
    for table in NEVER_DELETED:
        op.execute(f"CREATE TRIGGER never_deleted BEFORE DELETE ON {table} FOR EACH ROW EXECUTE FUNCTION refuse_change()")
    op.execute("CREATE TRIGGER append_only BEFORE UPDATE ON operation_events FOR EACH ROW EXECUTE FUNCTION only_mark_orphan()")

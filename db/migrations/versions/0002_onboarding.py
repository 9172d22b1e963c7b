"""onboarding of clients"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql
revision = '0002'
down_revision = '0001'
branch_labels = None
depends_on = None

APPEND_ONLY = ("client_risk_scores",)
NEVER_DELETED = ("client_documents", "client_identity_changes", "client_risk_profiles", "complaints")


def upgrade() -> None:
    op.create_table('complaint_years',
    sa.Column('year', sa.Integer(), autoincrement=False, nullable=False),
    sa.Column('last', sa.Integer(), nullable=False),
    sa.PrimaryKeyConstraint('year', name=op.f('pk_complaint_years'))
    )
    op.create_table('email_codes',
    sa.Column('id', sa.BigInteger(), nullable=False),
    sa.Column('email', sa.Text(), nullable=False),
    sa.Column('code_hash', sa.Text(), nullable=False),
    sa.Column('sealed', sa.Text(), server_default='', nullable=False),
    sa.Column('attempts', sa.Integer(), server_default='0', nullable=False),
    sa.Column('sent_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('expires_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('verified_at', sa.DateTime(timezone=True), nullable=True),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_email_codes'))
    )
    op.create_index('ix_email_codes_email', 'email_codes', ['email', 'sent_at'], unique=False)
    op.create_table('complaints',
    sa.Column('id', sa.BigInteger(), nullable=False),
    sa.Column('year', sa.Integer(), nullable=False),
    sa.Column('number', sa.Integer(), nullable=False),
    sa.Column('document_type', sa.Text(), nullable=False),
    sa.Column('document_number', sa.Text(), nullable=False),
    sa.Column('names', sa.Text(), nullable=False),
    sa.Column('surnames', sa.Text(), nullable=False),
    sa.Column('company_name', sa.Text(), nullable=False),
    sa.Column('contact_person', sa.Text(), nullable=False),
    sa.Column('email', sa.Text(), nullable=False),
    sa.Column('phone', sa.Text(), nullable=False),
    sa.Column('address', sa.Text(), nullable=False),
    sa.Column('kind', sa.Enum('Reclamo', 'Queja', name='kind', native_enum=False, create_constraint=True, length=40), nullable=False),
    sa.Column('detail', sa.Text(), nullable=False),
    sa.Column('request', sa.Text(), nullable=False),
    sa.Column('evidence_key', sa.Text(), nullable=False),
    sa.Column('evidence_type', sa.Text(), nullable=False),
    sa.Column('status', sa.Enum('Recibido', 'En revisión', 'Respondido', name='status', native_enum=False, create_constraint=True, length=40), nullable=False),
    sa.Column('due_on', sa.Date(), nullable=False),
    sa.Column('answer', sa.Text(), server_default='', nullable=False),
    sa.Column('answered_by', sa.BigInteger(), nullable=True),
    sa.Column('answered_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('answer_key', sa.Text(), server_default='', nullable=False),
    sa.Column('received_at', sa.DateTime(timezone=True), server_default=sa.text('now()'), nullable=False),
    sa.ForeignKeyConstraint(['answered_by'], ['users.id'], name=op.f('fk_complaints_answered_by')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_complaints')),
    sa.UniqueConstraint('year', 'number', name=op.f('uq_complaints_year_number'))
    )
    op.create_table('client_identity_changes',
    sa.Column('id', sa.BigInteger(), nullable=False),
    sa.Column('client_id', sa.BigInteger(), nullable=False),
    sa.Column('field', sa.Text(), nullable=False),
    sa.Column('before', sa.Text(), nullable=False),
    sa.Column('after', sa.Text(), nullable=False),
    sa.Column('reason', sa.Text(), nullable=False),
    sa.Column('user_id', sa.BigInteger(), nullable=False),
    sa.Column('at', sa.DateTime(timezone=True), server_default=sa.text('now()'), nullable=False),
    sa.ForeignKeyConstraint(['client_id'], ['clients.id'], name=op.f('fk_client_identity_changes_client_id')),
    sa.ForeignKeyConstraint(['user_id'], ['users.id'], name=op.f('fk_client_identity_changes_user_id')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_client_identity_changes'))
    )
    op.create_index(op.f('ix_client_identity_changes_client_id'), 'client_identity_changes', ['client_id'], unique=False)
    op.create_table('client_risk_profiles',
    sa.Column('client_id', sa.BigInteger(), autoincrement=False, nullable=False),
    sa.Column('score', sa.Integer(), nullable=False),
    sa.Column('level', sa.Enum('Bajo', 'Medio', 'Alto', 'Crítico', name='level', native_enum=False, create_constraint=True, length=40), nullable=False),
    sa.Column('regime', sa.Enum('Simplificada', 'Básica', 'Reforzada', name='regime', native_enum=False, create_constraint=True, length=40), nullable=False),
    sa.Column('list_status', sa.Enum('sin_revisar', 'limpio', 'coincidencia', name='list_status', native_enum=False, create_constraint=True, length=40), server_default='sin_revisar', nullable=False),
    sa.Column('screened_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('pep_kind', sa.Enum('Directo', 'Familiar', 'Asociado cercano', name='pep_kind', native_enum=False, create_constraint=True, length=40), nullable=True),
    sa.Column('pep_position', sa.Text(), server_default='', nullable=False),
    sa.Column('pep_entity', sa.Text(), server_default='', nullable=False),
    sa.Column('pep_since', sa.Date(), nullable=True),
    sa.Column('pep_until', sa.Date(), nullable=True),
    sa.Column('legal_issues', sa.Boolean(), server_default='false', nullable=False),
    sa.Column('notes', sa.Text(), server_default='', nullable=False),
    sa.Column('updated_at', sa.DateTime(timezone=True), server_default=sa.text('now()'), nullable=False),
    sa.ForeignKeyConstraint(['client_id'], ['clients.id'], name=op.f('fk_client_risk_profiles_client_id')),
    sa.PrimaryKeyConstraint('client_id', name=op.f('pk_client_risk_profiles'))
    )
    op.create_table('client_risk_scores',
    sa.Column('id', sa.BigInteger(), nullable=False),
    sa.Column('client_id', sa.BigInteger(), nullable=False),
    sa.Column('occasion', sa.Text(), nullable=False),
    sa.Column('score', sa.Integer(), nullable=False),
    sa.Column('level', sa.Enum('Bajo', 'Medio', 'Alto', 'Crítico', name='level', native_enum=False, create_constraint=True, length=40), nullable=False),
    sa.Column('regime', sa.Enum('Simplificada', 'Básica', 'Reforzada', name='regime', native_enum=False, create_constraint=True, length=40), nullable=False),
    sa.Column('inputs', postgresql.JSONB(astext_type=sa.Text()), nullable=False),
    sa.Column('factors', postgresql.JSONB(astext_type=sa.Text()), nullable=False),
    sa.Column('parameters', postgresql.JSONB(astext_type=sa.Text()), nullable=False),
    sa.Column('at', sa.DateTime(timezone=True), server_default=sa.text('now()'), nullable=False),
    sa.ForeignKeyConstraint(['client_id'], ['clients.id'], name=op.f('fk_client_risk_scores_client_id')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_client_risk_scores'))
    )
    op.create_index('ix_client_risk_scores_client_id', 'client_risk_scores', ['client_id', 'id'], unique=False)
    op.add_column('client_accounts', sa.Column('identity', sa.Text(), server_default='', nullable=False))
    op.add_column('client_accounts', sa.Column('declared_own_at', sa.DateTime(timezone=True), nullable=True))
    op.create_index(op.f('ix_client_accounts_identity'), 'client_accounts', ['identity'], unique=False)
    op.add_column('client_documents', sa.Column('status', sa.Enum('por_revisar', 'aceptado', 'observado', name='status', native_enum=False, create_constraint=True, length=40), server_default='por_revisar', nullable=False))
    op.add_column('client_documents', sa.Column('reason', sa.Text(), server_default='', nullable=False))
    op.add_column('client_documents', sa.Column('reviewed_by', sa.BigInteger(), nullable=True))
    op.add_column('client_documents', sa.Column('reviewed_at', sa.DateTime(timezone=True), nullable=True))
    op.create_foreign_key(op.f('fk_client_documents_reviewed_by'), 'client_documents', 'users', ['reviewed_by'], ['id'])
    op.add_column('clients', sa.Column('registered_by', sa.BigInteger(), nullable=True))
    op.add_column('clients', sa.Column('email_verified_at', sa.DateTime(timezone=True), nullable=True))
    op.add_column('clients', sa.Column('kyc_reason', sa.Text(), server_default='', nullable=False))
    op.add_column('clients', sa.Column('block_reason', sa.Text(), server_default='', nullable=False))
    op.add_column('clients', sa.Column('onboarding_key', sa.Text(), server_default='', nullable=False))
    op.add_column('clients', sa.Column('anonymised_at', sa.DateTime(timezone=True), nullable=True))
    op.create_foreign_key(op.f('fk_clients_registered_by'), 'clients', 'users', ['registered_by'], ['id'])
    # What was there before counts under its own number, as the clients gave it.
    op.execute("UPDATE client_accounts SET identity = bank || ':' || number")
    for table in APPEND_ONLY:
        op.execute(f"CREATE TRIGGER append_only BEFORE UPDATE OR DELETE ON {table} FOR EACH ROW EXECUTE FUNCTION refuse_change()")
    for table in NEVER_DELETED:
        op.execute(f"CREATE TRIGGER never_deleted BEFORE DELETE ON {table} FOR EACH ROW EXECUTE FUNCTION refuse_change()")

"""restrictive lists by version, hits of clients, runs and searches"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = '0005'
down_revision = '0004'
branch_labels = None
depends_on = None


def one_of(values: tuple[str, ...], name: str) -> sa.Enum:
    return sa.Enum(*values, name=name, native_enum=False, create_constraint=True, length=40)


def upgrade() -> None:
    op.create_table('list_versions',
    sa.Column('id', sa.BigInteger(), nullable=False),
    sa.Column('list_code', one_of(('OFAC', 'ONU', 'PEP', 'INTERNA', 'INSPEKTOR'), 'list_code'), nullable=False),
    sa.Column('checksum', sa.Text(), nullable=False),
    sa.Column('published', sa.Text(), server_default='', nullable=False),
    sa.Column('origin', sa.Text(), nullable=False),
    sa.Column('entries', sa.Integer(), nullable=False),
    sa.Column('aliases', sa.Integer(), nullable=False),
    sa.Column('documents', sa.Integer(), nullable=False),
    sa.Column('added', sa.Integer(), nullable=False),
    sa.Column('changed', sa.Integer(), nullable=False),
    sa.Column('removed', sa.Integer(), nullable=False),
    sa.Column('user_id', sa.BigInteger(), nullable=True),
    sa.Column('loaded_at', sa.DateTime(timezone=True), server_default=sa.text('now()'), nullable=False),
    sa.Column('retired_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('checked_at', sa.DateTime(timezone=True), nullable=True),
    sa.ForeignKeyConstraint(['user_id'], ['users.id'], name=op.f('fk_list_versions_user_id')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_list_versions'))
    )
    op.create_index('ix_list_versions_list_code', 'list_versions', ['list_code', sa.literal_column('id DESC')], unique=False)
    op.create_index('uq_list_versions_active', 'list_versions', ['list_code'], unique=True, postgresql_where=sa.text('retired_at IS NULL'))
    op.create_table('name_searches',
    sa.Column('id', sa.BigInteger(), nullable=False),
    sa.Column('user_id', sa.BigInteger(), nullable=False),
    sa.Column('kind', one_of(('Persona', 'Entidad', 'Nave', 'Aeronave'), 'kind'), nullable=False),
    sa.Column('name', sa.Text(), nullable=False),
    sa.Column('document_number', sa.Text(), server_default='', nullable=False),
    sa.Column('birth_date', sa.Date(), nullable=True),
    sa.Column('nationality', sa.Text(), server_default='', nullable=False),
    sa.Column('result', one_of(('Sin revisar', 'Parcial', 'Limpio', 'Coincidencia'), 'result'), nullable=True),
    sa.Column('matches', postgresql.JSONB(), nullable=True),
    sa.Column('versions', postgresql.JSONB(), nullable=True),
    sa.Column('asked_at', sa.DateTime(timezone=True), server_default=sa.text('now()'), nullable=False),
    sa.Column('answered_at', sa.DateTime(timezone=True), nullable=True),
    sa.ForeignKeyConstraint(['user_id'], ['users.id'], name=op.f('fk_name_searches_user_id')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_name_searches'))
    )
    op.create_table('screening_runs',
    sa.Column('id', sa.BigInteger(), nullable=False),
    sa.Column('cause', sa.Text(), nullable=False),
    sa.Column('versions', postgresql.JSONB(), nullable=False),
    sa.Column('clients', sa.Integer(), nullable=False),
    sa.Column('screened', sa.Integer(), server_default='0', nullable=False),
    sa.Column('new_hits', sa.Integer(), server_default='0', nullable=False),
    sa.Column('last_client_id', sa.BigInteger(), server_default='0', nullable=False),
    sa.Column('user_id', sa.BigInteger(), nullable=True),
    sa.Column('started_at', sa.DateTime(timezone=True), server_default=sa.text('now()'), nullable=False),
    sa.Column('finished_at', sa.DateTime(timezone=True), nullable=True),
    sa.ForeignKeyConstraint(['user_id'], ['users.id'], name=op.f('fk_screening_runs_user_id')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_screening_runs'))
    )
    op.create_table('list_entries',
    sa.Column('id', sa.BigInteger(), nullable=False),
    sa.Column('list_code', one_of(('OFAC', 'ONU', 'PEP', 'INTERNA', 'INSPEKTOR'), 'list_code'), nullable=False),
    sa.Column('uid', sa.Text(), nullable=False),
    sa.Column('kind', one_of(('Persona', 'Entidad', 'Nave', 'Aeronave'), 'kind'), nullable=False),
    sa.Column('content', postgresql.JSONB(), nullable=False),
    sa.Column('programs', sa.Text(), server_default='', nullable=False),
    sa.Column('remarks', sa.Text(), server_default='', nullable=False),
    sa.Column('fingerprint', sa.Text(), nullable=False),
    sa.Column('digest', sa.Text(), nullable=False),
    sa.Column('first_version_id', sa.BigInteger(), nullable=False),
    sa.Column('last_version_id', sa.BigInteger(), nullable=True),
    sa.ForeignKeyConstraint(['first_version_id'], ['list_versions.id'], name=op.f('fk_list_entries_first_version_id')),
    sa.ForeignKeyConstraint(['last_version_id'], ['list_versions.id'], name=op.f('fk_list_entries_last_version_id')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_list_entries'))
    )
    op.create_index('uq_list_entries_standing', 'list_entries', ['list_code', 'uid'], unique=True, postgresql_where=sa.text('last_version_id IS NULL'))
    op.create_table('restrictive_list_checks',
    sa.Column('client_id', sa.BigInteger(), autoincrement=False, nullable=False),
    sa.Column('result', one_of(('Sin revisar', 'Parcial', 'Limpio', 'Coincidencia'), 'result'), nullable=False),
    sa.Column('versions', postgresql.JSONB(), nullable=False),
    sa.Column('subject_fingerprint', sa.Text(), nullable=False),
    sa.Column('occasion', sa.Text(), nullable=False),
    sa.Column('checked_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('inspektor_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('inspektor_fingerprint', sa.Text(), server_default='', nullable=False),
    sa.Column('inspektor_number', sa.Text(), server_default='', nullable=False),
    sa.ForeignKeyConstraint(['client_id'], ['clients.id'], name=op.f('fk_restrictive_list_checks_client_id')),
    sa.PrimaryKeyConstraint('client_id', name=op.f('pk_restrictive_list_checks'))
    )
    op.create_table('client_hits',
    sa.Column('id', sa.BigInteger(), nullable=False),
    sa.Column('client_id', sa.BigInteger(), nullable=False),
    sa.Column('list_code', one_of(('OFAC', 'ONU', 'PEP', 'INTERNA', 'INSPEKTOR'), 'list_code'), nullable=False),
    sa.Column('entry_uid', sa.Text(), nullable=False),
    sa.Column('entry_id', sa.BigInteger(), nullable=True),
    sa.Column('entry_fingerprint', sa.Text(), nullable=False),
    sa.Column('subject_fingerprint', sa.Text(), nullable=False),
    sa.Column('listed_name', sa.Text(), nullable=False),
    sa.Column('score', sa.Integer(), nullable=False),
    sa.Column('likely', sa.Boolean(), nullable=False),
    sa.Column('explanation', postgresql.JSONB(), nullable=False),
    sa.Column('state', one_of(('Nueva', 'Confirmada', 'Descartada'), 'state'), nullable=False),
    sa.Column('case_id', sa.BigInteger(), nullable=False),
    sa.Column('decided_by', sa.BigInteger(), nullable=True),
    sa.Column('decided_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('reason', sa.Text(), server_default='', nullable=False),
    sa.Column('found_at', sa.DateTime(timezone=True), server_default=sa.text('now()'), nullable=False),
    sa.Column('ended_at', sa.DateTime(timezone=True), nullable=True),
    sa.ForeignKeyConstraint(['case_id'], ['compliance_cases.id'], name=op.f('fk_client_hits_case_id')),
    sa.ForeignKeyConstraint(['client_id'], ['clients.id'], name=op.f('fk_client_hits_client_id')),
    sa.ForeignKeyConstraint(['decided_by'], ['users.id'], name=op.f('fk_client_hits_decided_by')),
    sa.ForeignKeyConstraint(['entry_id'], ['list_entries.id'], name=op.f('fk_client_hits_entry_id')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_client_hits')),
    sa.UniqueConstraint('client_id', 'list_code', 'entry_uid', 'entry_fingerprint', 'subject_fingerprint', name=op.f('uq_client_hits_client_id_list_code_entry_uid_entry_fingerprint_subject_fingerprint'))
    )
    op.create_index(op.f('ix_client_hits_case_id'), 'client_hits', ['case_id'], unique=False)
    op.create_index('ix_client_hits_queue', 'client_hits', ['state', sa.literal_column('id DESC')], unique=False, postgresql_where=sa.text('ended_at IS NULL'))
    # What a list said and what was found of a client are kept: a hit ends, it does not go away.
    for table in ('list_versions', 'list_entries', 'client_hits', 'name_searches'):
        op.execute(f"CREATE TRIGGER never_deleted BEFORE DELETE ON {table} FOR EACH ROW EXECUTE FUNCTION refuse_change()")

"""the life of an invoice: currency, notas, replacements, copies, and taking back"""

from __future__ import annotations

from datetime import datetime

import sqlalchemy as sa
from alembic import op
revision = '0004'
down_revision = '0003'
branch_labels = None
depends_on = None

LIVE = "type <> 'nota_credito' AND status <> 'Anulado' AND superseded_at IS NULL"
UNCOPIED = "(pdf_url <> '' AND pdf_key = '') OR (xml_url <> '' AND xml_key = '') OR (cdr_url <> '' AND cdr_key = '')"


def one_of(values: tuple[str, ...], name: str) -> sa.Enum:
    return sa.Enum(*values, name=name, native_enum=False, create_constraint=True, length=40)


def instant(name: str) -> sa.Column[datetime]:
    return sa.Column(name, sa.DateTime(timezone=True), nullable=True)


def words(name: str) -> sa.Column[str]:
    return sa.Column(name, sa.Text(), server_default='', nullable=False)


def upgrade() -> None:
    op.drop_index('uq_invoices_live_operation', table_name='invoices')
    op.drop_constraint(op.f('ck_invoices_total'), 'invoices')
    op.alter_column('invoices', 'total_pen', new_column_name='total')
    op.create_check_constraint(op.f('ck_invoices_total'), 'invoices', 'total > 0')
    op.add_column('invoices', sa.Column('currency', one_of(('USD', 'PEN'), 'currency'), server_default='PEN', nullable=False))
    op.add_column('invoices', sa.Column('amends_id', sa.BigInteger(), nullable=True))
    op.add_column('invoices', sa.Column('note_reason', sa.Integer(), nullable=True))
    op.add_column('invoices', sa.Column('replaces_id', sa.BigInteger(), nullable=True))
    for name in ('superseded_at', 'ask_at', 'told_at'):
        op.add_column('invoices', instant(name))
    for name in ('pdf_key', 'xml_key', 'cdr_key'):
        op.add_column('invoices', words(name))
    op.add_column('invoices', sa.Column('paper_tries', sa.Integer(), server_default='0', nullable=False))
    op.create_foreign_key(op.f('fk_invoices_amends_id'), 'invoices', 'invoices', ['amends_id'], ['id'])
    op.create_foreign_key(op.f('fk_invoices_replaces_id'), 'invoices', 'invoices', ['replaces_id'], ['id'])
    op.create_check_constraint(op.f('ck_invoices_amends'), 'invoices', "(type = 'nota_credito') = (amends_id IS NOT NULL)")
    op.create_index('uq_invoices_live_operation', 'invoices', ['operation_code'], unique=True, postgresql_where=sa.text(LIVE))
    op.create_index(op.f('ix_invoices_operation_code'), 'invoices', ['operation_code'], unique=False)
    op.create_index(op.f('ix_invoices_amends_id'), 'invoices', ['amends_id'], unique=False)
    op.create_index('ix_invoices_status', 'invoices', ['status', 'id'], unique=False)
    op.create_index('ix_invoices_ask', 'invoices', ['ask_at'], unique=False, postgresql_where=sa.text("status = 'Enviado'"))
    op.create_index('ix_invoices_uncopied', 'invoices', ['paper_tries', 'id'], unique=False, postgresql_where=sa.text(UNCOPIED))
    # What was silent before this revision is asked for at once.
    op.execute("UPDATE invoices SET ask_at = now() WHERE status = 'Enviado'")
    op.create_table('invoice_voids',
    sa.Column('id', sa.BigInteger(), nullable=False),
    sa.Column('invoice_id', sa.BigInteger(), nullable=False),
    sa.Column('method', one_of(('baja', 'nota_credito'), 'method'), nullable=True),
    sa.Column('note_reason', sa.Integer(), nullable=False),
    sa.Column('reason', sa.Text(), nullable=False),
    sa.Column('state', one_of(('Solicitada', 'Aprobada', 'Negada', 'Hecha', 'Fallida'), 'state'), nullable=False),
    sa.Column('requested_by', sa.BigInteger(), nullable=False),
    sa.Column('requested_at', sa.DateTime(timezone=True), server_default=sa.text('now()'), nullable=False),
    sa.Column('decided_by', sa.BigInteger(), nullable=True),
    instant('decided_at'),
    words('decision'),
    words('ticket'),
    sa.Column('note_id', sa.BigInteger(), nullable=True),
    words('outcome'),
    instant('ended_at'),
    sa.CheckConstraint('decided_by <> requested_by', name=op.f('ck_invoice_voids_two_people')),
    sa.ForeignKeyConstraint(['invoice_id'], ['invoices.id'], name=op.f('fk_invoice_voids_invoice_id')),
    sa.ForeignKeyConstraint(['note_id'], ['invoices.id'], name=op.f('fk_invoice_voids_note_id')),
    sa.ForeignKeyConstraint(['requested_by'], ['users.id'], name=op.f('fk_invoice_voids_requested_by')),
    sa.ForeignKeyConstraint(['decided_by'], ['users.id'], name=op.f('fk_invoice_voids_decided_by')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_invoice_voids'))
    )
    op.create_index(op.f('ix_invoice_voids_invoice_id'), 'invoice_voids', ['invoice_id'], unique=False)
    op.create_index('uq_invoice_voids_open', 'invoice_voids', ['invoice_id'], unique=True, postgresql_where=sa.text("state IN ('Solicitada', 'Aprobada')"))

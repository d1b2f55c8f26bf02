"""Imports as jobs with their rows, versions that an undone import takes back, findings with their history, radar runs."""

import sqlalchemy as sa
from alembic import op

from qinwen.database import UtcDateTime

revision = '0009'
down_revision = '0008'


def upgrade() -> None:
    with op.batch_alter_table('entry_version') as batch_op:
        batch_op.add_column(sa.Column('taken_back_at', UtcDateTime(), nullable=True))
    op.drop_table('import_batch')  # nothing has ever written it
    op.create_table(
        'import_batch',
        sa.Column('id', sa.Integer(), autoincrement=True, nullable=False),
        sa.Column('name', sa.String(length=200), nullable=False),
        sa.Column('state', sa.String(length=16), nullable=False),
        sa.Column('author', sa.String(length=64), nullable=False),
        sa.Column('approver', sa.String(length=64), nullable=True),
        sa.Column('created_at', UtcDateTime(), nullable=False),
        sa.Column('changed_at', UtcDateTime(), nullable=False),
        sa.Column('applied_at', UtcDateTime(), nullable=True),
        sa.Column('undone_at', UtcDateTime(), nullable=True),
        sa.Column('undone_by', sa.String(length=64), nullable=True),
        sa.Column('whole', sa.Boolean(), nullable=False),
        sa.Column('reason', sa.Text(), nullable=False),
        sa.Column('review_due_on', sa.Date(), nullable=True),
        sa.Column('scope', sa.JSON(), nullable=False),
        sa.Column('counts', sa.JSON(), nullable=False),
        sa.Column('places', sa.JSON(), nullable=False),
        sa.Column('words', sa.Text(), nullable=False),
        sa.Column('done', sa.Integer(), nullable=False),
        sa.Column('total', sa.Integer(), nullable=False),
        sa.Column('worker', sa.String(length=64), nullable=False),
        sa.Column('beat_at', UtcDateTime(), nullable=True),
        sa.Column('file', sa.LargeBinary(), nullable=True),
        sa.PrimaryKeyConstraint('id', name=op.f('pk_import_batch')),
    )
    op.create_index('ix_import_batch_state', 'import_batch', ['state', 'id'])
    op.create_table(
        'import_row',
        sa.Column('batch', sa.Integer(), nullable=False),
        sa.Column('number', sa.Integer(), nullable=False),
        sa.Column('act', sa.String(length=8), nullable=False),
        sa.Column('entry_id', sa.String(length=128), nullable=False),
        sa.Column('title', sa.String(length=200), nullable=False),
        sa.Column('sheet', sa.String(length=64), nullable=False),
        sa.Column('row', sa.Integer(), nullable=False),
        sa.Column('before', sa.Integer(), nullable=False),
        sa.Column('owner_before', sa.String(length=64), nullable=False),
        sa.Column('body', sa.JSON(), nullable=True),
        sa.Column('differences', sa.JSON(), nullable=False),
        sa.Column('notes', sa.JSON(), nullable=False),
        sa.Column('problems', sa.JSON(), nullable=False),
        sa.ForeignKeyConstraint(['batch'], ['import_batch.id'], name=op.f('fk_import_row_batch_import_batch')),
        sa.PrimaryKeyConstraint('batch', 'number', name=op.f('pk_import_row')),
    )
    op.create_index('ix_import_row_batch_act', 'import_row', ['batch', 'act', 'number'])
    with op.batch_alter_table('finding') as batch_op:
        batch_op.add_column(sa.Column('due_base', sa.String(length=200), server_default='', nullable=False))
        batch_op.add_column(sa.Column('changed_at', UtcDateTime(), nullable=True))
        batch_op.add_column(sa.Column('times', sa.Integer(), server_default='1', nullable=False))
    op.create_table(
        'finding_event',
        sa.Column('id', sa.Integer(), autoincrement=True, nullable=False),
        sa.Column('key', sa.String(length=200), nullable=False),
        sa.Column('at', UtcDateTime(), nullable=False),
        sa.Column('actor', sa.String(length=64), nullable=False),
        sa.Column('act', sa.String(length=16), nullable=False),
        sa.Column('words', sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(['key'], ['finding.key'], name=op.f('fk_finding_event_key_finding')),
        sa.PrimaryKeyConstraint('id', name=op.f('pk_finding_event')),
    )
    op.create_index('ix_finding_event_key', 'finding_event', ['key', 'id'])
    op.create_table(
        'radar_run',
        sa.Column('name', sa.String(length=64), nullable=False),
        sa.Column('actor', sa.String(length=64), nullable=False),
        sa.Column('started_at', UtcDateTime(), nullable=False),
        sa.Column('finished_at', UtcDateTime(), nullable=True),
        sa.Column('beat_at', UtcDateTime(), nullable=False),
        sa.Column('knowledge_revision', sa.Integer(), nullable=False),
        sa.Column('counts', sa.JSON(), nullable=False),
        sa.Column('words', sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint('name', name=op.f('pk_radar_run')),
    )
    op.create_index('ix_radar_run_started_at', 'radar_run', ['started_at'])


def downgrade() -> None:
    op.drop_table('radar_run')
    op.drop_table('finding_event')
    with op.batch_alter_table('finding') as batch_op:
        for column in ('times', 'changed_at', 'due_base'):
            batch_op.drop_column(column)
    op.drop_table('import_row')
    op.drop_table('import_batch')
    op.create_table(
        'import_batch',
        sa.Column('id', sa.Integer(), autoincrement=True, nullable=False),
        sa.Column('name', sa.String(length=200), nullable=False),
        sa.Column('state', sa.String(length=16), nullable=False),
        sa.Column('author', sa.String(length=64), nullable=False),
        sa.Column('approver', sa.String(length=64), nullable=True),
        sa.Column('created_at', UtcDateTime(), nullable=False),
        sa.Column('applied_at', UtcDateTime(), nullable=True),
        sa.Column('undone_at', UtcDateTime(), nullable=True),
        sa.Column('undone_by', sa.String(length=64), nullable=True),
        sa.Column('counts', sa.JSON(), nullable=False),
        sa.Column('contents', sa.JSON(), nullable=False),
        sa.PrimaryKeyConstraint('id', name=op.f('pk_import_batch')),
    )
    # What was taken back is not answered from; a schema that can't say so must not have it.
    op.execute("DELETE FROM search_row WHERE EXISTS (SELECT 1 FROM entry_version v WHERE v.entry_id = search_row.owner "
               "AND v.number = search_row.version AND v.taken_back_at IS NOT NULL)")
    op.execute("DELETE FROM entry_version WHERE taken_back_at IS NOT NULL")
    with op.batch_alter_table('entry_version') as batch_op:
        batch_op.drop_column('taken_back_at')

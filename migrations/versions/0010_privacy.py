"""The vault of personal data, receipts of erasures, and the retention job's runs."""

import sqlalchemy as sa
from alembic import op

from qinwen.database import UtcDateTime

revision = '0010'
down_revision = '0009'


def upgrade() -> None:
    op.create_table(
        'vault_entry',
        sa.Column('id', sa.Integer(), autoincrement=True, nullable=False),
        sa.Column('citizen_id', sa.String(length=32), nullable=False),
        sa.Column('message_id', sa.Integer(), nullable=False),
        sa.Column('start', sa.Integer(), nullable=False),
        sa.Column('kind', sa.String(length=16), nullable=False),
        sa.Column('sealed', sa.Text(), nullable=False),
        sa.Column('created_at', UtcDateTime(), nullable=False),
        sa.ForeignKeyConstraint(['citizen_id'], ['citizen.id'], name=op.f('fk_vault_entry_citizen_id_citizen')),
        sa.ForeignKeyConstraint(['message_id'], ['message.id'], name=op.f('fk_vault_entry_message_id_message')),
        sa.PrimaryKeyConstraint('id', name=op.f('pk_vault_entry')),
        sa.UniqueConstraint('message_id', 'start', name=op.f('uq_vault_entry_message_id_start')),
    )
    op.create_index(op.f('ix_vault_entry_citizen_id'), 'vault_entry', ['citizen_id'])
    op.create_index(op.f('ix_vault_entry_created_at'), 'vault_entry', ['created_at'])
    op.create_table(
        'erasure',
        sa.Column('code', sa.String(length=16), nullable=False),
        sa.Column('at', UtcDateTime(), nullable=False),
        sa.Column('channel', sa.String(length=16), nullable=False),
        sa.Column('reason', sa.String(length=16), nullable=False),
        sa.Column('counts', sa.JSON(), nullable=False),
        sa.PrimaryKeyConstraint('code', name=op.f('pk_erasure')),
    )
    op.create_index(op.f('ix_erasure_at'), 'erasure', ['at'])
    op.create_table(
        'retention_run',
        sa.Column('day', sa.Date(), nullable=False),
        sa.Column('state', sa.String(length=8), nullable=False),
        sa.Column('runner', sa.String(length=32), nullable=False),
        sa.Column('lease_until', UtcDateTime(), nullable=False),
        sa.Column('started_at', UtcDateTime(), nullable=False),
        sa.Column('finished_at', UtcDateTime(), nullable=True),
        sa.Column('counts', sa.JSON(), nullable=False),
        sa.PrimaryKeyConstraint('day', name=op.f('pk_retention_run')),
    )


def downgrade() -> None:
    op.drop_table('retention_run')
    op.drop_table('erasure')
    op.drop_table('vault_entry')

"""What a gap belongs to, why its nearest entry lost, and the collection as a job; questions that an entry must not answer."""

import sqlalchemy as sa
from alembic import op

from qinwen.database import UtcDateTime

revision = '0013'
down_revision = '0012'


def upgrade() -> None:
    with op.batch_alter_table('gap') as batch_op:
        batch_op.add_column(sa.Column('department', sa.String(length=64), server_default='', nullable=False))
        batch_op.add_column(sa.Column('region', sa.String(length=6), server_default='', nullable=False))
        batch_op.add_column(sa.Column('why', sa.Text(), server_default='', nullable=False))
        batch_op.add_column(sa.Column('changed_at', UtcDateTime(), nullable=True))
        batch_op.add_column(sa.Column('check_words', sa.Text(), server_default='', nullable=False))
    op.create_table(
        'gap_run',
        sa.Column('id', sa.Integer(), nullable=False),
        sa.Column('runner', sa.String(length=64), nullable=False),
        sa.Column('lease_until', UtcDateTime(), nullable=True),
        sa.Column('night', sa.Date(), nullable=True),
        sa.Column('finished_at', UtcDateTime(), nullable=True),
        sa.Column('words', sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint('id', name=op.f('pk_gap_run')),
    )
    op.create_table(
        'negative_wording',
        sa.Column('id', sa.Integer(), autoincrement=True, nullable=False),
        sa.Column('entry_id', sa.String(length=128), nullable=False),
        sa.Column('facet', sa.String(length=16), nullable=True),
        sa.Column('text', sa.Text(), nullable=False),
        sa.Column('author', sa.String(length=64), nullable=False),
        sa.Column('added_at', UtcDateTime(), nullable=False),
        sa.Column('removed_by', sa.String(length=64), nullable=True),
        sa.Column('removed_at', UtcDateTime(), nullable=True),
        sa.ForeignKeyConstraint(['entry_id'], ['entry.id'], name=op.f('fk_negative_wording_entry_id_entry')),
        sa.PrimaryKeyConstraint('id', name=op.f('pk_negative_wording')),
    )
    op.create_index('ix_negative_wording_entry_id', 'negative_wording', ['entry_id', 'removed_at'])


def downgrade() -> None:
    op.drop_table('negative_wording')
    op.drop_table('gap_run')
    with op.batch_alter_table('gap') as batch_op:
        for name in ('check_words', 'changed_at', 'why', 'region', 'department'):
            batch_op.drop_column(name)

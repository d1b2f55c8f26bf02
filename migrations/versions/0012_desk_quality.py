"""The service desk's quality sampling; and the turn that a rating of an entry came from."""

import sqlalchemy as sa
from alembic import op

from qinwen.database import UtcDateTime

revision = '0012'
down_revision = '0011'


def upgrade() -> None:
    op.create_table(
        'desk_quality_review',
        sa.Column('id', sa.Integer(), autoincrement=True, nullable=False),
        sa.Column('handling_id', sa.String(length=32), nullable=False),
        sa.Column('desk', sa.String(length=32), nullable=False),
        sa.Column('agent', sa.String(length=32), nullable=False),
        sa.Column('drawn_by', sa.String(length=32), nullable=False),
        sa.Column('drawn_at', UtcDateTime(), nullable=False),
        sa.Column('reviewer', sa.String(length=32), nullable=True),
        sa.Column('grades', sa.JSON(), nullable=False),
        sa.Column('score', sa.Integer(), nullable=True),
        sa.Column('note', sa.Text(), nullable=False),
        sa.Column('done_at', UtcDateTime(), nullable=True),
        sa.Column('seen_at', UtcDateTime(), nullable=True),
        sa.ForeignKeyConstraint(['desk'], ['desk.code'], name=op.f('fk_desk_quality_review_desk_desk')),
        sa.ForeignKeyConstraint(['handling_id'], ['handling.id'], name=op.f('fk_desk_quality_review_handling_id_handling')),
        sa.PrimaryKeyConstraint('id', name=op.f('pk_desk_quality_review')),
        sa.UniqueConstraint('handling_id', name=op.f('uq_desk_quality_review_handling_id')),
    )
    op.create_index(op.f('ix_desk_quality_review_agent'), 'desk_quality_review', ['agent'])
    op.create_index(op.f('ix_desk_quality_review_desk'), 'desk_quality_review', ['desk'])
    op.add_column('chat_rating', sa.Column('turn_id', sa.String(length=32), nullable=True))


def downgrade() -> None:
    op.drop_column('chat_rating', 'turn_id')
    op.drop_table('desk_quality_review')

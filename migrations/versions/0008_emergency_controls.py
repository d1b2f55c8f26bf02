"""Emergency controls: banners, uniform answers, the bot's off switch."""

import sqlalchemy as sa
from alembic import op

from qinwen.database import UtcDateTime

revision = '0008'
down_revision = '0007'


def upgrade() -> None:
    op.create_table(
        'emergency_control',
        sa.Column('id', sa.Integer(), autoincrement=True, nullable=False),
        sa.Column('kind', sa.String(length=16), nullable=False),
        sa.Column('text', sa.Text(), nullable=False),
        sa.Column('reason', sa.Text(), nullable=False),
        sa.Column('wordings', sa.JSON(), nullable=False),
        sa.Column('starts_at', UtcDateTime(), nullable=False),
        sa.Column('ends_at', UtcDateTime(), nullable=False),
        sa.Column('started_by', sa.String(length=32), nullable=False),
        sa.Column('created_at', UtcDateTime(), nullable=False),
        sa.Column('stopped_by', sa.String(length=32), nullable=True),
        sa.Column('stopped_at', UtcDateTime(), nullable=True),
        sa.PrimaryKeyConstraint('id', name=op.f('pk_emergency_control')),
    )
    op.create_index(op.f('ix_emergency_control_ends_at'), 'emergency_control', ['ends_at'])
    # The dashboard counts the turns of a period.
    op.create_index('ix_turn_started_at', 'turn', ['started_at'])
    op.create_index('ix_conversation_opened_at', 'conversation', ['opened_at'])


def downgrade() -> None:
    op.drop_index('ix_conversation_opened_at', 'conversation')
    op.drop_index('ix_turn_started_at', 'turn')
    op.drop_table('emergency_control')

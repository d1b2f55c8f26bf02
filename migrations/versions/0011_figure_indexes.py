"""Indexes of the dashboard: what it counts by stands whole in them, so that a month's turns are read without touching the rows."""

from alembic import op

revision = '0011'
down_revision = '0010'

_COLUMNS = ('started_at', 'state', 'channel', 'outcome', 'item', 'facet', 'citizen_id', 'conversation_id', 'number', 'finished_at')


def upgrade() -> None:
    op.drop_index('ix_turn_started_at', 'turn')
    op.drop_index('ix_turn_conversation_id', 'turn')
    op.create_index('ix_turn_figures', 'turn', list(_COLUMNS))
    op.create_index('ix_turn_citizen_item', 'turn', ['citizen_id', 'item', 'number'])
    op.create_index('ix_turn_conversation', 'turn', ['conversation_id', 'number', 'outcome'])


def downgrade() -> None:
    for name in ('ix_turn_conversation', 'ix_turn_citizen_item', 'ix_turn_figures'):
        op.drop_index(name, 'turn')
    op.create_index('ix_turn_conversation_id', 'turn', ['conversation_id'])
    op.create_index('ix_turn_started_at', 'turn', ['started_at'])

"""The service desk: desks and who works there, handlings, messages left, macros, ratings of the chat, live events."""

import sqlalchemy as sa
from alembic import op

from qinwen.database import UtcDateTime

revision = '0006'
down_revision = '0005'

_IS_OPEN = sa.text("state <> 'closed'")
_TABLES = (
    'chat_rating_case',
    'chat_rating',
    'desk_event',
    'desk_cool_down',
    'desk_work_item',
    'desk_macro',
    'desk_sent',
    'handling_move',
    'handling_note',
    'handling_guest',
    'handling',
    'desk_agent',
    'desk_member',
    'desk',
)


def upgrade() -> None:
    op.create_table(
        'desk',
        sa.Column('code', sa.String(length=32), nullable=False),
        sa.Column('name', sa.String(length=64), nullable=False),
        sa.Column('department', sa.String(length=32), nullable=True),
        sa.Column('region', sa.String(length=6), nullable=False),
        sa.Column('parent', sa.String(length=32), nullable=True),
        sa.Column('active', sa.Boolean(), nullable=False),
        sa.Column('body', sa.JSON(), nullable=False),
        sa.ForeignKeyConstraint(['parent'], ['desk.code'], name=op.f('fk_desk_parent_desk')),
        sa.PrimaryKeyConstraint('code', name=op.f('pk_desk')),
    )
    op.create_table(
        'desk_member',
        sa.Column('desk', sa.String(length=32), nullable=False),
        sa.Column('agent', sa.String(length=32), nullable=False),
        sa.Column('capacity', sa.Integer(), nullable=True),
        sa.ForeignKeyConstraint(['desk'], ['desk.code'], name=op.f('fk_desk_member_desk_desk')),
        sa.PrimaryKeyConstraint('desk', 'agent', name=op.f('pk_desk_member')),
    )
    op.create_table(
        'desk_agent',
        sa.Column('agent', sa.String(length=32), nullable=False),
        sa.Column('presence', sa.String(length=16), nullable=False),
        sa.Column('since', UtcDateTime(), nullable=False),
        sa.Column('seen_at', UtcDateTime(), nullable=False),
        sa.PrimaryKeyConstraint('agent', name=op.f('pk_desk_agent')),
    )
    op.create_table(
        'handling',
        sa.Column('id', sa.String(length=32), nullable=False),
        sa.Column('conversation_id', sa.String(length=32), nullable=False),
        sa.Column('citizen_id', sa.String(length=32), nullable=False),
        sa.Column('desk', sa.String(length=32), nullable=False),
        sa.Column('state', sa.String(length=16), nullable=False),
        sa.Column('agent', sa.String(length=32), nullable=True),
        sa.Column('version', sa.Integer(), nullable=False),
        sa.Column('reason', sa.String(length=16), nullable=False),
        sa.Column('urgency', sa.JSON(), nullable=False),
        sa.Column('rank_at', UtcDateTime(), nullable=False),
        sa.Column('brief', sa.JSON(), nullable=False),
        sa.Column('asked_at', UtcDateTime(), nullable=False),
        sa.Column('queued_at', UtcDateTime(), nullable=False),
        sa.Column('claimed_at', UtcDateTime(), nullable=True),
        sa.Column('first_reply_at', UtcDateTime(), nullable=True),
        sa.Column('waiting_since', UtcDateTime(), nullable=True),
        sa.Column('citizen_at', UtcDateTime(), nullable=True),
        sa.Column('closed_at', UtcDateTime(), nullable=True),
        sa.Column('preferred_agent', sa.String(length=32), nullable=True),
        sa.Column('preferred_until', UtcDateTime(), nullable=True),
        sa.Column('wait', sa.JSON(), nullable=True),
        sa.Column('outcome', sa.String(length=16), nullable=True),
        sa.Column('entry', sa.String(length=128), nullable=True),
        sa.Column('follow_up_on', sa.Date(), nullable=True),
        sa.Column('returned', sa.JSON(), nullable=True),
        sa.ForeignKeyConstraint(['desk'], ['desk.code'], name=op.f('fk_handling_desk_desk')),
        sa.PrimaryKeyConstraint('id', name=op.f('pk_handling')),
    )
    op.create_index(op.f('ix_handling_conversation_id'), 'handling', ['conversation_id'])
    op.create_index('ix_handling_queue', 'handling', ['desk', 'state', 'rank_at'])
    op.create_index('ix_handling_agent_state', 'handling', ['agent', 'state'])
    op.create_index('ix_handling_citizen_closed', 'handling', ['citizen_id', 'closed_at'])
    op.create_index(
        'uq_handling_open',
        'handling',
        ['conversation_id'],
        unique=True,
        sqlite_where=_IS_OPEN,
        postgresql_where=_IS_OPEN,
    )
    op.create_table(
        'handling_guest',
        sa.Column('handling_id', sa.String(length=32), nullable=False),
        sa.Column('agent', sa.String(length=32), nullable=False),
        sa.Column('joined_at', UtcDateTime(), nullable=False),
        sa.ForeignKeyConstraint(['handling_id'], ['handling.id'], name=op.f('fk_handling_guest_handling_id_handling')),
        sa.PrimaryKeyConstraint('handling_id', 'agent', name=op.f('pk_handling_guest')),
    )
    op.create_table(
        'handling_note',
        sa.Column('id', sa.Integer(), autoincrement=True, nullable=False),
        sa.Column('handling_id', sa.String(length=32), nullable=False),
        sa.Column('agent', sa.String(length=32), nullable=False),
        sa.Column('text', sa.Text(), nullable=False),
        sa.Column('at', UtcDateTime(), nullable=False),
        sa.ForeignKeyConstraint(['handling_id'], ['handling.id'], name=op.f('fk_handling_note_handling_id_handling')),
        sa.PrimaryKeyConstraint('id', name=op.f('pk_handling_note')),
    )
    op.create_index(op.f('ix_handling_note_handling_id'), 'handling_note', ['handling_id'])
    op.create_table(
        'handling_move',
        sa.Column('id', sa.Integer(), autoincrement=True, nullable=False),
        sa.Column('handling_id', sa.String(length=32), nullable=False),
        sa.Column('kind', sa.String(length=16), nullable=False),
        sa.Column('from_desk', sa.String(length=32), nullable=False),
        sa.Column('to_desk', sa.String(length=32), nullable=False),
        sa.Column('from_agent', sa.String(length=32), nullable=True),
        sa.Column('to_agent', sa.String(length=32), nullable=True),
        sa.Column('by', sa.String(length=32), nullable=True),
        sa.Column('note', sa.Text(), nullable=False),
        sa.Column('at', UtcDateTime(), nullable=False),
        sa.ForeignKeyConstraint(['handling_id'], ['handling.id'], name=op.f('fk_handling_move_handling_id_handling')),
        sa.PrimaryKeyConstraint('id', name=op.f('pk_handling_move')),
    )
    op.create_index(op.f('ix_handling_move_handling_id'), 'handling_move', ['handling_id'])
    op.create_table(
        'desk_sent',
        sa.Column('handling_id', sa.String(length=32), nullable=False),
        sa.Column('client_id', sa.String(length=64), nullable=False),
        sa.Column('agent', sa.String(length=32), nullable=False),
        sa.Column('message_id', sa.Integer(), nullable=True),
        sa.Column('at', UtcDateTime(), nullable=False),
        sa.ForeignKeyConstraint(['handling_id'], ['handling.id'], name=op.f('fk_desk_sent_handling_id_handling')),
        sa.PrimaryKeyConstraint('handling_id', 'client_id', name=op.f('pk_desk_sent')),
    )
    op.create_table(
        'desk_macro',
        sa.Column('id', sa.Integer(), autoincrement=True, nullable=False),
        sa.Column('desk', sa.String(length=32), nullable=True),
        sa.Column('title', sa.String(length=64), nullable=False),
        sa.Column('text', sa.Text(), nullable=False),
        sa.Column('author', sa.String(length=32), nullable=False),
        sa.Column('changed_at', UtcDateTime(), nullable=False),
        sa.ForeignKeyConstraint(['desk'], ['desk.code'], name=op.f('fk_desk_macro_desk_desk')),
        sa.PrimaryKeyConstraint('id', name=op.f('pk_desk_macro')),
    )
    op.create_index(op.f('ix_desk_macro_desk'), 'desk_macro', ['desk'])
    op.create_table(
        'desk_work_item',
        sa.Column('id', sa.Integer(), autoincrement=True, nullable=False),
        sa.Column('desk', sa.String(length=32), nullable=False),
        sa.Column('handling_id', sa.String(length=32), nullable=False),
        sa.Column('conversation_id', sa.String(length=32), nullable=False),
        sa.Column('citizen_id', sa.String(length=32), nullable=False),
        sa.Column('message_id', sa.String(length=64), nullable=False),
        sa.Column('state', sa.String(length=16), nullable=False),
        sa.Column('owner', sa.String(length=32), nullable=True),
        sa.Column('created_at', UtcDateTime(), nullable=False),
        sa.Column('opens_at', UtcDateTime(), nullable=False),
        sa.Column('due_on', sa.Date(), nullable=False),
        sa.Column('answered_at', UtcDateTime(), nullable=True),
        sa.ForeignKeyConstraint(['desk'], ['desk.code'], name=op.f('fk_desk_work_item_desk_desk')),
        sa.ForeignKeyConstraint(['handling_id'], ['handling.id'], name=op.f('fk_desk_work_item_handling_id_handling')),
        sa.PrimaryKeyConstraint('id', name=op.f('pk_desk_work_item')),
        sa.UniqueConstraint('handling_id', name=op.f('uq_desk_work_item_handling_id')),
    )
    op.create_index(op.f('ix_desk_work_item_citizen_id'), 'desk_work_item', ['citizen_id'])
    op.create_index('ix_desk_work_item_list', 'desk_work_item', ['desk', 'state', 'due_on'])
    op.create_table(
        'desk_cool_down',
        sa.Column('citizen_id', sa.String(length=32), nullable=False),
        sa.Column('until', UtcDateTime(), nullable=False),
        sa.Column('by', sa.String(length=32), nullable=False),
        sa.Column('kind', sa.String(length=16), nullable=False),
        sa.PrimaryKeyConstraint('citizen_id', name=op.f('pk_desk_cool_down')),
    )
    op.create_table(
        'chat_rating',
        sa.Column('id', sa.Integer(), autoincrement=True, nullable=False),
        sa.Column('citizen_id', sa.String(length=32), nullable=False),
        sa.Column('conversation_id', sa.String(length=32), nullable=False),
        sa.Column('target', sa.String(length=8), nullable=False),
        sa.Column('target_id', sa.String(length=160), nullable=False),
        sa.Column('version', sa.Integer(), nullable=True),
        sa.Column('agent', sa.String(length=32), nullable=True),
        sa.Column('desk', sa.String(length=32), nullable=True),
        sa.Column('level', sa.Integer(), nullable=False),
        sa.Column('reasons', sa.JSON(), nullable=False),
        sa.Column('comment', sa.Text(), nullable=False),
        sa.Column('at', UtcDateTime(), nullable=False),
        sa.PrimaryKeyConstraint('id', name=op.f('pk_chat_rating')),
    )
    op.create_index(op.f('ix_chat_rating_agent'), 'chat_rating', ['agent'])
    op.create_index(op.f('ix_chat_rating_at'), 'chat_rating', ['at'])
    op.create_index(op.f('ix_chat_rating_conversation_id'), 'chat_rating', ['conversation_id'])
    op.create_index('uq_chat_rating_target', 'chat_rating', ['citizen_id', 'target', 'target_id'], unique=True)
    op.create_table(
        'chat_rating_case',
        sa.Column('rating_id', sa.Integer(), nullable=False),
        sa.Column('state', sa.String(length=16), nullable=False),
        sa.Column('owner', sa.String(length=32), nullable=True),
        sa.Column('due_on', sa.Date(), nullable=False),
        sa.Column('contacted_at', UtcDateTime(), nullable=True),
        sa.Column('contact', sa.Text(), nullable=False),
        sa.Column('resolution', sa.Text(), nullable=False),
        sa.Column('resolved_at', UtcDateTime(), nullable=True),
        sa.Column('appeal', sa.String(length=16), nullable=False),
        sa.Column('appeal_text', sa.Text(), nullable=False),
        sa.Column('appealed_by', sa.String(length=32), nullable=True),
        sa.Column('appeal_decided_by', sa.String(length=32), nullable=True),
        sa.ForeignKeyConstraint(['rating_id'], ['chat_rating.id'], name=op.f('fk_chat_rating_case_rating_id_chat_rating')),
        sa.PrimaryKeyConstraint('rating_id', name=op.f('pk_chat_rating_case')),
    )
    op.create_index(op.f('ix_chat_rating_case_state'), 'chat_rating_case', ['state'])
    op.create_table(
        'desk_event',
        sa.Column('id', sa.Integer(), autoincrement=True, nullable=False),
        sa.Column('at', UtcDateTime(), nullable=False),
        sa.Column('kind', sa.String(length=16), nullable=False),
        sa.Column('desk', sa.String(length=32), nullable=True),
        sa.Column('agent', sa.String(length=32), nullable=True),
        sa.Column('handling_id', sa.String(length=32), nullable=True),
        sa.PrimaryKeyConstraint('id', name=op.f('pk_desk_event')),
    )
    op.create_index(op.f('ix_desk_event_at'), 'desk_event', ['at'])


def downgrade() -> None:
    for table in _TABLES:
        op.drop_table(table)

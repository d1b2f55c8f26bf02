"""delivery: who runs a turn, which way an answer goes, other addresses of a citizen."""

import sqlalchemy as sa
from alembic import op

from qinwen.database import UtcDateTime

revision = '0002'
down_revision = '0001'

_OPEN_TURN = sa.text("state <> 'done'")
_OPEN_DELIVERY = sa.text("state IN ('waiting', 'offered', 'due', 'sending', 'parked')")


def upgrade() -> None:
    with op.batch_alter_table('citizen') as batch_op:
        batch_op.add_column(sa.Column('push_left', sa.Integer(), server_default='0', nullable=False))
        batch_op.add_column(sa.Column('push_until', UtcDateTime(), nullable=True))
    with op.batch_alter_table('turn') as batch_op:
        batch_op.add_column(sa.Column('channel', sa.String(length=16), server_default='webchat', nullable=False))
        batch_op.add_column(sa.Column('number', sa.Integer(), server_default='0', nullable=False))
        batch_op.add_column(sa.Column('runner', sa.String(length=32), nullable=True))
        batch_op.add_column(sa.Column('lease_until', UtcDateTime(), nullable=True))
        batch_op.add_column(sa.Column('owner', sa.String(length=8), server_default='reply', nullable=False))
        batch_op.add_column(sa.Column('prepared', sa.JSON(), nullable=True))
        batch_op.create_index(
            'ix_turn_open', ['citizen_id', 'number'], sqlite_where=_OPEN_TURN, postgresql_where=_OPEN_TURN
        )
    # Turns that were open before there were leases are taken up at once.
    op.execute("UPDATE turn SET lease_until = started_at WHERE state <> 'done'")
    op.create_table(
        'citizen_alias',
        sa.Column('channel', sa.String(length=16), nullable=False),
        sa.Column('address', sa.String(length=128), nullable=False),
        sa.Column('citizen_id', sa.String(length=32), nullable=False),
        sa.Column('created_at', UtcDateTime(), nullable=False),
        sa.ForeignKeyConstraint(['citizen_id'], ['citizen.id'], name=op.f('fk_citizen_alias_citizen_id_citizen')),
        sa.PrimaryKeyConstraint('channel', 'address', name=op.f('pk_citizen_alias')),
    )
    op.create_index(op.f('ix_citizen_alias_citizen_id'), 'citizen_alias', ['citizen_id'])
    op.create_table(
        'delivery',
        sa.Column('id', sa.Integer(), autoincrement=True, nullable=False),
        sa.Column('citizen_id', sa.String(length=32), nullable=False),
        sa.Column('turn_id', sa.String(length=32), nullable=True),
        sa.Column('reply_turn', sa.String(length=32), nullable=True),
        sa.Column('part', sa.JSON(), nullable=False),
        sa.Column('state', sa.String(length=16), nullable=False),
        sa.Column('way', sa.String(length=8), nullable=True),
        sa.Column('reason', sa.String(length=64), nullable=True),
        sa.Column('attempts', sa.Integer(), nullable=False),
        sa.Column('runner', sa.String(length=32), nullable=True),
        sa.Column('lease_until', UtcDateTime(), nullable=True),
        sa.Column('next_at', UtcDateTime(), nullable=False),
        sa.Column('created_at', UtcDateTime(), nullable=False),
        sa.Column('changed_at', UtcDateTime(), nullable=False),
        sa.ForeignKeyConstraint(['citizen_id'], ['citizen.id'], name=op.f('fk_delivery_citizen_id_citizen')),
        sa.ForeignKeyConstraint(['turn_id'], ['turn.id'], name=op.f('fk_delivery_turn_id_turn')),
        sa.PrimaryKeyConstraint('id', name=op.f('pk_delivery')),
    )
    op.create_index(op.f('ix_delivery_turn_id'), 'delivery', ['turn_id'])
    op.create_index(op.f('ix_delivery_reply_turn'), 'delivery', ['reply_turn'])
    op.create_index(
        'ix_delivery_open', 'delivery', ['citizen_id', 'id'], sqlite_where=_OPEN_DELIVERY, postgresql_where=_OPEN_DELIVERY
    )


def downgrade() -> None:
    op.drop_table('delivery')
    op.drop_table('citizen_alias')
    with op.batch_alter_table('turn') as batch_op:
        batch_op.drop_index('ix_turn_open')
        for column in ('channel', 'number', 'runner', 'lease_until', 'owner', 'prepared'):
            batch_op.drop_column(column)
    with op.batch_alter_table('citizen') as batch_op:
        batch_op.drop_column('push_left')
        batch_op.drop_column('push_until')

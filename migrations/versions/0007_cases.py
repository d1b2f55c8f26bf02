"""Citizens' cases: what is being asked, bindings, last known states, promises and notices."""

import sqlalchemy as sa
from alembic import op

from qinwen.database import UtcDateTime

revision = '0007'
down_revision = '0006'

_OPEN_PROMISE = sa.text("state = 'open'")
_DUE_NOTICE = sa.text("state = 'due'")
_TABLES = ('case_notice', 'case_promise', 'case_known', 'case_binding', 'case_talk')


def upgrade() -> None:
    op.create_table(
        'case_talk',
        sa.Column('citizen_id', sa.String(length=32), nullable=False),
        sa.Column('state', sa.JSON(), nullable=False),
        sa.Column('changed_at', UtcDateTime(), nullable=False),
        sa.PrimaryKeyConstraint('citizen_id', name=op.f('pk_case_talk')),
    )
    op.create_index(op.f('ix_case_talk_changed_at'), 'case_talk', ['changed_at'])
    op.create_table(
        'case_binding',
        sa.Column('citizen_id', sa.String(length=32), nullable=False),
        sa.Column('access', sa.String(length=512), nullable=False),
        sa.Column('applicant', sa.String(length=32), nullable=False),
        sa.Column('notices', sa.Boolean(), nullable=False),
        sa.Column('bound_at', UtcDateTime(), nullable=False),
        sa.PrimaryKeyConstraint('citizen_id', name=op.f('pk_case_binding')),
    )
    op.create_table(
        'case_known',
        sa.Column('citizen_id', sa.String(length=32), nullable=False),
        sa.Column('number', sa.String(length=32), nullable=False),
        sa.Column('item_name', sa.String(length=128), nullable=False),
        sa.Column('state', sa.String(length=16), nullable=False),
        sa.Column('since', UtcDateTime(), nullable=False),
        sa.Column('seen_at', UtcDateTime(), nullable=False),
        sa.PrimaryKeyConstraint('citizen_id', 'number', name=op.f('pk_case_known')),
    )
    op.create_index(op.f('ix_case_known_seen_at'), 'case_known', ['seen_at'])
    op.create_table(
        'case_promise',
        sa.Column('id', sa.Integer(), autoincrement=True, nullable=False),
        sa.Column('citizen_id', sa.String(length=32), nullable=False),
        sa.Column('number', sa.String(length=32), nullable=False),
        sa.Column('state', sa.String(length=8), nullable=False),
        sa.Column('created_at', UtcDateTime(), nullable=False),
        sa.Column('changed_at', UtcDateTime(), nullable=False),
        sa.PrimaryKeyConstraint('id', name=op.f('pk_case_promise')),
    )
    op.create_index(op.f('ix_case_promise_citizen_id'), 'case_promise', ['citizen_id'])
    op.create_index(
        'ix_case_promise_open', 'case_promise', ['id'], sqlite_where=_OPEN_PROMISE, postgresql_where=_OPEN_PROMISE
    )
    op.create_table(
        'case_notice',
        sa.Column('id', sa.Integer(), autoincrement=True, nullable=False),
        sa.Column('citizen_id', sa.String(length=32), nullable=False),
        sa.Column('event', sa.String(length=64), nullable=False),
        sa.Column('number', sa.String(length=32), nullable=False),
        sa.Column('sequence', sa.Integer(), nullable=False),
        sa.Column('item_name', sa.String(length=128), nullable=False),
        sa.Column('case_state', sa.String(length=16), nullable=False),
        sa.Column('happened_at', UtcDateTime(), nullable=False),
        sa.Column('state', sa.String(length=8), nullable=False),
        sa.Column('created_at', UtcDateTime(), nullable=False),
        sa.Column('changed_at', UtcDateTime(), nullable=False),
        sa.PrimaryKeyConstraint('id', name=op.f('pk_case_notice')),
        sa.UniqueConstraint('event', 'citizen_id', name=op.f('uq_case_notice_event_citizen_id')),
    )
    op.create_index(op.f('ix_case_notice_citizen_id'), 'case_notice', ['citizen_id'])
    op.create_index('ix_case_notice_due', 'case_notice', ['id'], sqlite_where=_DUE_NOTICE, postgresql_where=_DUE_NOTICE)


def downgrade() -> None:
    for name in _TABLES:
        op.drop_table(name)

"""Pictures and voices that citizens sent beside their messages."""

import sqlalchemy as sa
from alembic import op

from qinwen.database import UtcDateTime

revision = '0014'
down_revision = '0013'


def upgrade() -> None:
    op.create_table(
        'attachment',
        sa.Column('message_id', sa.Integer(), nullable=False),
        sa.Column('citizen_id', sa.String(length=32), nullable=False),
        sa.Column('kind', sa.String(length=8), nullable=False),
        sa.Column('media_id', sa.String(length=256), nullable=False),
        sa.Column('state', sa.String(length=16), nullable=False),
        sa.Column('name', sa.String(length=80), nullable=False),
        sa.Column('type', sa.String(length=8), nullable=False),
        sa.Column('reason', sa.Text(), nullable=False),
        sa.Column('attempts', sa.Integer(), nullable=False),
        sa.Column('next_at', UtcDateTime(), nullable=False),
        sa.Column('created_at', UtcDateTime(), nullable=False),
        sa.ForeignKeyConstraint(['message_id'], ['message.id'], name=op.f('fk_attachment_message_id_message')),
        sa.ForeignKeyConstraint(['citizen_id'], ['citizen.id'], name=op.f('fk_attachment_citizen_id_citizen')),
        sa.PrimaryKeyConstraint('message_id', name=op.f('pk_attachment')),
    )
    op.create_index('ix_attachment_citizen_id', 'attachment', ['citizen_id'])
    op.create_index('ix_attachment_state', 'attachment', ['state', 'next_at'])


def downgrade() -> None:
    op.drop_table('attachment')

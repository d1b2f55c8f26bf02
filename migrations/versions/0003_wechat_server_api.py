"""wechat server api."""

import sqlalchemy as sa
from alembic import op

import qinwen.database

revision = '0003'
down_revision = '0002'


def upgrade() -> None:
    op.create_table('wechat_token',
    sa.Column('app_id', sa.String(length=64), nullable=False),
    sa.Column('version', sa.Integer(), nullable=False),
    sa.Column('token', sa.String(length=1024), nullable=False),
    sa.Column('refresh_at', qinwen.database.UtcDateTime(), nullable=False),
    sa.Column('expires_at', qinwen.database.UtcDateTime(), nullable=False),
    sa.Column('lease_owner', sa.String(length=32), nullable=True),
    sa.Column('lease_until', qinwen.database.UtcDateTime(), nullable=False),
    sa.Column('failure', sa.String(length=32), nullable=True),
    sa.PrimaryKeyConstraint('app_id', name=op.f('pk_wechat_token'))
    )


def downgrade() -> None:
    op.drop_table('wechat_token')

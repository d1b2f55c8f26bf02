"""Staff accounts, their sessions, and the audit log."""

import sqlalchemy as sa
from alembic import op

import qinwen.database

revision = '0004'
down_revision = '0003'

POSTGRES_REFUSAL = """
CREATE FUNCTION audit_entry_stays() RETURNS trigger LANGUAGE plpgsql AS
$$ BEGIN RAISE EXCEPTION 'audit_entry is append-only'; END $$
"""


def upgrade() -> None:
    moment = qinwen.database.UtcDateTime
    op.create_table('staff_member',
    sa.Column('id', sa.String(length=32), nullable=False),
    sa.Column('login', sa.String(length=32), nullable=False),
    sa.Column('name', sa.String(length=64), nullable=False),
    sa.Column('active', sa.Boolean(), nullable=False),
    sa.Column('password_hash', sa.String(length=255), nullable=False),
    sa.Column('must_change_password', sa.Boolean(), nullable=False),
    sa.Column('totp_secret', sa.String(length=255), nullable=True),
    sa.Column('totp_offered', sa.String(length=255), nullable=True),
    sa.Column('totp_step', sa.Integer(), nullable=False),
    sa.Column('created_at', moment(), nullable=False),
    sa.Column('signed_in_at', moment(), nullable=True),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_staff_member')),
    sa.UniqueConstraint('login', name=op.f('uq_staff_member_login'))
    )
    op.create_table('staff_role',
    sa.Column('member_id', sa.String(length=32), nullable=False),
    sa.Column('role', sa.String(length=16), nullable=False),
    sa.ForeignKeyConstraint(['member_id'], ['staff_member.id'], name=op.f('fk_staff_role_member_id_staff_member')),
    sa.PrimaryKeyConstraint('member_id', 'role', name=op.f('pk_staff_role'))
    )
    op.create_table('staff_scope',
    sa.Column('member_id', sa.String(length=32), nullable=False),
    sa.Column('kind', sa.String(length=16), nullable=False),
    sa.Column('value', sa.String(length=64), nullable=False),
    sa.ForeignKeyConstraint(['member_id'], ['staff_member.id'], name=op.f('fk_staff_scope_member_id_staff_member')),
    sa.PrimaryKeyConstraint('member_id', 'kind', 'value', name=op.f('pk_staff_scope'))
    )
    op.create_table('staff_session',
    sa.Column('id', sa.String(length=32), nullable=False),
    sa.Column('token_hash', sa.String(length=64), nullable=False),
    sa.Column('member_id', sa.String(length=32), nullable=False),
    sa.Column('waits_for_code', sa.Boolean(), nullable=False),
    sa.Column('created_at', moment(), nullable=False),
    sa.Column('seen_at', moment(), nullable=False),
    sa.Column('expires_at', moment(), nullable=False),
    sa.Column('address', sa.String(length=64), nullable=False),
    sa.Column('browser', sa.String(length=64), nullable=False),
    sa.ForeignKeyConstraint(['member_id'], ['staff_member.id'], name=op.f('fk_staff_session_member_id_staff_member')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_staff_session')),
    sa.UniqueConstraint('token_hash', name=op.f('uq_staff_session_token_hash'))
    )
    with op.batch_alter_table('staff_session', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_staff_session_member_id'), ['member_id'], unique=False)
        batch_op.create_index(batch_op.f('ix_staff_session_expires_at'), ['expires_at'], unique=False)

    op.create_table('staff_recovery_code',
    sa.Column('member_id', sa.String(length=32), nullable=False),
    sa.Column('code_hash', sa.String(length=64), nullable=False),
    sa.ForeignKeyConstraint(['member_id'], ['staff_member.id'], name=op.f('fk_staff_recovery_code_member_id_staff_member')),
    sa.PrimaryKeyConstraint('member_id', 'code_hash', name=op.f('pk_staff_recovery_code'))
    )
    op.create_table('staff_attempt',
    sa.Column('key', sa.String(length=64), nullable=False),
    sa.Column('count', sa.Integer(), nullable=False),
    sa.Column('last_at', moment(), nullable=False),
    sa.Column('blocked_until', moment(), nullable=True),
    sa.PrimaryKeyConstraint('key', name=op.f('pk_staff_attempt'))
    )
    with op.batch_alter_table('staff_attempt', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_staff_attempt_last_at'), ['last_at'], unique=False)

    op.create_table('audit_entry',
    sa.Column('number', sa.Integer(), autoincrement=False, nullable=False),
    sa.Column('at', moment(), nullable=False),
    sa.Column('actor', sa.String(length=32), nullable=False),
    sa.Column('action', sa.String(length=48), nullable=False),
    sa.Column('object', sa.String(length=160), nullable=False),
    sa.Column('detail', sa.Text(), nullable=False),
    sa.Column('previous', sa.String(length=64), nullable=False),
    sa.Column('hash', sa.String(length=64), nullable=False),
    sa.PrimaryKeyConstraint('number', name=op.f('pk_audit_entry'))
    )
    with op.batch_alter_table('audit_entry', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_audit_entry_at'), ['at'], unique=False)
        batch_op.create_index('ix_audit_entry_actor_number', ['actor', 'number'], unique=False)
        batch_op.create_index('ix_audit_entry_action_number', ['action', 'number'], unique=False)

    op.create_table('audit_head',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('number', sa.Integer(), nullable=False),
    sa.Column('hash', sa.String(length=64), nullable=False),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_audit_head'))
    )
    op.execute(f"INSERT INTO audit_head (id, number, hash) VALUES (1, 0, '{'0' * 64}')")
    refuse_changes()


def refuse_changes() -> None:
    """Let nobody change or remove an audit row by accident; on purpose shows in the chain of hashes."""
    if op.get_bind().dialect.name == 'postgresql':
        op.execute(POSTGRES_REFUSAL)
        op.execute('CREATE TRIGGER audit_entry_stays BEFORE UPDATE OR DELETE ON audit_entry '
                   'FOR EACH ROW EXECUTE FUNCTION audit_entry_stays()')
        return
    for change in ('UPDATE', 'DELETE'):
        op.execute(f"CREATE TRIGGER audit_entry_no_{change.lower()} BEFORE {change} ON audit_entry "
                   "BEGIN SELECT RAISE(ABORT, 'audit_entry is append-only'); END")


def downgrade() -> None:
    for table in ('audit_head', 'audit_entry', 'staff_attempt', 'staff_recovery_code', 'staff_session', 'staff_scope',
                  'staff_role', 'staff_member'):
        op.drop_table(table)
    if op.get_bind().dialect.name == 'postgresql':
        op.execute('DROP FUNCTION audit_entry_stays()')

"""The life of an entry: drafts, reviews, versions that say when they hold, imports, findings, gaps."""

import json
from datetime import datetime, timezone

import sqlalchemy as sa
from alembic import op

from qinwen.database import UtcDateTime

revision = '0005'
down_revision = '0004'


def upgrade() -> None:
    with op.batch_alter_table('entry') as batch_op:
        for name, length in (('title', 200), ('department', 64), ('owner', 64), ('draft_state', 16)):
            batch_op.add_column(sa.Column(name, sa.String(length=length), server_default='', nullable=False))
        batch_op.add_column(sa.Column('state', sa.String(length=16), server_default='live', nullable=False))
        batch_op.add_column(sa.Column('next_change_at', UtcDateTime(), nullable=True))
        batch_op.add_column(sa.Column('missing', sa.Integer(), server_default='0', nullable=False))
        batch_op.add_column(sa.Column('review_due_on', sa.Date(), nullable=True))
        batch_op.add_column(sa.Column('changed_at', UtcDateTime(), nullable=True))
        batch_op.create_index('ix_entry_next_change_at', ['next_change_at'])
        for name in ('region', 'department', 'state', 'draft_state', 'missing'):
            batch_op.create_index(f'ix_entry_{name}_id', [name, 'id'])
        batch_op.create_index('ix_entry_review_due_on', ['review_due_on', 'id'])
    with op.batch_alter_table('entry_version') as batch_op:
        batch_op.add_column(sa.Column('approver', sa.String(length=64), nullable=True))
        batch_op.add_column(sa.Column('reason', sa.Text(), server_default='', nullable=False))
        batch_op.add_column(sa.Column('clears', sa.Boolean(), server_default=sa.false(), nullable=False))
        batch_op.add_column(sa.Column('restores', sa.Integer(), nullable=True))
        batch_op.add_column(sa.Column('batch', sa.Integer(), nullable=True))
        batch_op.create_index('ix_entry_version_batch', ['batch'])
        batch_op.create_index('ix_entry_version_recorded_at', ['recorded_at'])
    with op.batch_alter_table('search_row') as batch_op:
        batch_op.add_column(sa.Column('version', sa.Integer(), server_default='1', nullable=False))
        batch_op.drop_index('ix_search_row_owner')
        batch_op.create_index('ix_search_row_owner_version', ['owner', 'version'])
    with op.batch_alter_table('search_row') as batch_op:
        batch_op.alter_column('version', server_default=None)
    _carry_over()
    op.create_table(
        'draft',
        sa.Column('entry_id', sa.String(length=128), nullable=False),
        sa.Column('revision', sa.Integer(), nullable=False),
        sa.Column('base', sa.Integer(), nullable=False),
        sa.Column('state', sa.String(length=16), nullable=False),
        sa.Column('body', sa.JSON(), nullable=False),
        sa.Column('plan', sa.JSON(), nullable=False),
        sa.Column('contributors', sa.JSON(), nullable=False),
        sa.Column('saved_by', sa.String(length=64), nullable=False),
        sa.Column('created_at', UtcDateTime(), nullable=False),
        sa.Column('saved_at', UtcDateTime(), nullable=False),
        sa.ForeignKeyConstraint(['entry_id'], ['entry.id'], name=op.f('fk_draft_entry_id_entry')),
        sa.PrimaryKeyConstraint('entry_id', name=op.f('pk_draft')),
    )
    op.create_table(
        'entry_event',
        sa.Column('id', sa.Integer(), autoincrement=True, nullable=False),
        sa.Column('entry_id', sa.String(length=128), nullable=False),
        sa.Column('at', UtcDateTime(), nullable=False),
        sa.Column('actor', sa.String(length=64), nullable=False),
        sa.Column('act', sa.String(length=24), nullable=False),
        sa.Column('words', sa.Text(), nullable=False),
        sa.Column('version', sa.Integer(), nullable=True),
        sa.Column('draft_revision', sa.Integer(), nullable=True),
        sa.ForeignKeyConstraint(['entry_id'], ['entry.id'], name=op.f('fk_entry_event_entry_id_entry')),
        sa.PrimaryKeyConstraint('id', name=op.f('pk_entry_event')),
    )
    op.create_index('ix_entry_event_entry_id', 'entry_event', ['entry_id', 'id'])
    op.create_table(
        'impact_run',
        sa.Column('id', sa.Integer(), autoincrement=True, nullable=False),
        sa.Column('entry_id', sa.String(length=128), nullable=False),
        sa.Column('draft_revision', sa.Integer(), nullable=False),
        sa.Column('knowledge_revision', sa.Integer(), nullable=False),
        sa.Column('at', UtcDateTime(), nullable=False),
        sa.Column('seconds', sa.Float(), nullable=False),
        sa.Column('golden', sa.Integer(), nullable=False),
        sa.Column('asked', sa.Integer(), nullable=False),
        sa.Column('regressions', sa.Integer(), nullable=False),
        sa.Column('changes', sa.JSON(), nullable=False),
        sa.ForeignKeyConstraint(['entry_id'], ['entry.id'], name=op.f('fk_impact_run_entry_id_entry')),
        sa.PrimaryKeyConstraint('id', name=op.f('pk_impact_run')),
    )
    op.create_index('ix_impact_run_entry_id', 'impact_run', ['entry_id', 'id'])
    op.create_table(
        'question_vector',
        sa.Column('encoder', sa.String(length=64), nullable=False),
        sa.Column('digest', sa.String(length=64), nullable=False),
        sa.Column('vector', sa.LargeBinary(), nullable=False),
        sa.Column('used_on', sa.Date(), nullable=False),
        sa.PrimaryKeyConstraint('encoder', 'digest', name=op.f('pk_question_vector')),
    )
    op.create_table(
        'import_batch',
        sa.Column('id', sa.Integer(), autoincrement=True, nullable=False),
        sa.Column('name', sa.String(length=200), nullable=False),
        sa.Column('state', sa.String(length=16), nullable=False),
        sa.Column('author', sa.String(length=64), nullable=False),
        sa.Column('approver', sa.String(length=64), nullable=True),
        sa.Column('created_at', UtcDateTime(), nullable=False),
        sa.Column('applied_at', UtcDateTime(), nullable=True),
        sa.Column('undone_at', UtcDateTime(), nullable=True),
        sa.Column('undone_by', sa.String(length=64), nullable=True),
        sa.Column('counts', sa.JSON(), nullable=False),
        sa.Column('contents', sa.JSON(), nullable=False),
        sa.PrimaryKeyConstraint('id', name=op.f('pk_import_batch')),
    )
    op.create_table(
        'finding',
        sa.Column('key', sa.String(length=200), nullable=False),
        sa.Column('kind', sa.String(length=32), nullable=False),
        sa.Column('entry_id', sa.String(length=128), nullable=False),
        sa.Column('other_id', sa.String(length=128), nullable=True),
        sa.Column('facet', sa.String(length=16), nullable=True),
        sa.Column('words', sa.Text(), nullable=False),
        sa.Column('owner', sa.String(length=64), nullable=False),
        sa.Column('due_on', sa.Date(), nullable=False),
        sa.Column('state', sa.String(length=16), nullable=False),
        sa.Column('first_seen_at', UtcDateTime(), nullable=False),
        sa.Column('last_seen_at', UtcDateTime(), nullable=False),
        sa.Column('closed_by', sa.String(length=64), nullable=True),
        sa.Column('closed_why', sa.Text(), server_default='', nullable=False),
        sa.ForeignKeyConstraint(['entry_id'], ['entry.id'], name=op.f('fk_finding_entry_id_entry')),
        sa.PrimaryKeyConstraint('key', name=op.f('pk_finding')),
    )
    op.create_index(op.f('ix_finding_entry_id'), 'finding', ['entry_id'])
    op.create_index('ix_finding_state_due_on', 'finding', ['state', 'due_on'])
    op.create_table(
        'gap',
        sa.Column('id', sa.Integer(), autoincrement=True, nullable=False),
        sa.Column('title', sa.String(length=500), nullable=False),
        sa.Column('state', sa.String(length=16), nullable=False),
        sa.Column('people', sa.Integer(), nullable=False),
        sa.Column('times', sa.Integer(), nullable=False),
        sa.Column('reasons', sa.JSON(), nullable=False),
        sa.Column('wordings', sa.JSON(), nullable=False),
        sa.Column('nearest', sa.String(length=128), nullable=True),
        sa.Column('nearest_score', sa.Float(), nullable=True),
        sa.Column('item', sa.String(length=64), nullable=True),
        sa.Column('facet', sa.String(length=16), nullable=True),
        sa.Column('entry_id', sa.String(length=128), nullable=True),
        sa.Column('first_asked_at', UtcDateTime(), nullable=False),
        sa.Column('last_asked_at', UtcDateTime(), nullable=False),
        sa.Column('checked_at', UtcDateTime(), nullable=True),
        sa.Column('changed_by', sa.String(length=64), nullable=True),
        sa.PrimaryKeyConstraint('id', name=op.f('pk_gap')),
    )
    op.create_index('ix_gap_state_people', 'gap', ['state', 'people'])


def _carry_over() -> None:
    """Give items an entry of their own, and entries what lists show."""
    from knowledge_base.content import read_body
    from knowledge_base.fields import missing_fields
    from language import name_of

    op.execute(
        "UPDATE search_row SET version = (SELECT current_version FROM entry WHERE entry.id = search_row.owner) "
        "WHERE owner IN (SELECT id FROM entry)"
    )
    connection = op.get_bind()
    moment = connection.execute(sa.text('SELECT min(recorded_at) FROM entry_version')).scalar()
    if isinstance(moment, str):
        moment = datetime.fromisoformat(moment)
    moment = moment or datetime.now(timezone.utc).replace(tzinfo=None)
    entry = sa.table(
        'entry', *(sa.column(name) for name in ('id', 'kind', 'item', 'region', 'title', 'department', 'owner', 'state')),
        sa.column('revision'), sa.column('current_version'), sa.column('missing'), sa.column('review_due_on'),
        sa.column('changed_at', sa.DateTime()),
    )
    version = sa.table(
        'entry_version', *(sa.column(name) for name in ('entry_id', 'number', 'state', 'author', 'sample', 'reason', 'clears')),
        sa.column('body', sa.JSON()), sa.column('valid_from', sa.DateTime()), sa.column('recorded_at', sa.DateTime()),
    )
    names, departments = {}, {}
    for code, revision, body in connection.execute(sa.text('SELECT code, revision, body FROM service_item')).all():
        body = json.loads(body) if isinstance(body, str) else body
        names[code], departments[code] = body['name'], body.get('department', '')
        connection.execute(entry.insert().values(
            id=f'item:{code}', kind='item', item=code, region='610000', title=body['name'][:200], department=departments[code],
            owner='', state='live', revision=revision, current_version=1, missing=0, changed_at=moment,
        ))
        connection.execute(version.insert().values(
            entry_id=f'item:{code}', number=1, state='published', body=body, author='', sample=False, reason='', clears=False,
            valid_from=moment, recorded_at=moment,
        ))
    rows = connection.execute(sa.text(
        "SELECT e.id, e.kind, e.item, v.body, v.author, v.review_due_on, v.recorded_at FROM entry e "
        "JOIN entry_version v ON v.entry_id = e.id AND v.number = e.current_version WHERE e.kind <> 'item'"
    )).all()
    fill = sa.text(
        'UPDATE entry SET title = :title, department = :department, owner = :owner, review_due_on = :due, changed_at = :at, '
        'missing = :missing WHERE id = :id'
    )
    for identity, kind, item, body, author, due, at in rows:
        body = json.loads(body) if isinstance(body, str) else body
        content = read_body(kind, body, identity)
        title = body.get('question', '') if kind == 'faq' else names.get(item, item)
        if kind == 'guide' and body['region'] != '610000':
            title += f"（{name_of(body['region']) or body['region']}）"
        connection.execute(fill, {
            'id': identity, 'title': title[:200], 'missing': len(missing_fields(content)), 'department': departments.get(item, ''), 'owner': author, 'due': due, 'at': at,
        })


def downgrade() -> None:
    for table in ('gap', 'finding', 'import_batch', 'question_vector', 'impact_run', 'entry_event', 'draft'):
        op.drop_table(table)
    op.execute("DELETE FROM search_row WHERE version <> coalesce((SELECT max(v.number) FROM entry_version v "
               "WHERE v.entry_id = search_row.owner AND v.state = 'published'), version)")
    op.execute("DELETE FROM entry_version WHERE state = 'withdrawn' OR entry_id IN (SELECT id FROM entry WHERE kind = 'item')")
    op.execute("DELETE FROM entry WHERE kind = 'item' OR id NOT IN (SELECT entry_id FROM entry_version)")
    with op.batch_alter_table('search_row') as batch_op:
        batch_op.drop_index('ix_search_row_owner_version')
        batch_op.drop_column('version')
        batch_op.create_index('ix_search_row_owner', ['owner'])
    with op.batch_alter_table('entry_version') as batch_op:
        batch_op.drop_index('ix_entry_version_batch')
        batch_op.drop_index('ix_entry_version_recorded_at')
        for column in ('approver', 'reason', 'clears', 'restores', 'batch'):
            batch_op.drop_column(column)
    with op.batch_alter_table('entry') as batch_op:
        for name in ('next_change_at', 'review_due_on', 'region_id', 'department_id', 'state_id', 'draft_state_id', 'missing_id'):
            batch_op.drop_index(f'ix_entry_{name}')
        for column in ('title', 'department', 'owner', 'draft_state', 'state', 'next_change_at', 'missing', 'review_due_on',
                       'changed_at'):
            batch_op.drop_column(column)

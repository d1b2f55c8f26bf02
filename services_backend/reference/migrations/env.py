# ruff: noqa: INP001
"""Alembic's environment of the reference services backend: its own database, its own line of migrations."""

from alembic import context

from qinwen.database import make_engine
from services_backend.reference.models import Base

url = context.config.get_main_option("sqlalchemy.url")
assert url, "run by services_backend.reference.store"

engine = make_engine(url)
try:
    with engine.connect() as connection:
        context.configure(connection=connection, target_metadata=Base.metadata, render_as_batch=True, compare_type=True)
        with context.begin_transaction():
            context.run_migrations()
finally:
    engine.dispose()

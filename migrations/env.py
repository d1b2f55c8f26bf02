"""Alembic's environment: the main database. `qinwen migrate` runs it; `alembic` on the command line works too."""

from alembic import context

import channels.wechat.models  # noqa: F401
import conversations.models  # noqa: F401
import desk.models  # noqa: F401
import knowledge_base.models  # noqa: F401
import services_backend.models  # noqa: F401
import staff.models  # noqa: F401  (all for their tables)
from qinwen.database import Base, make_engine
from qinwen.settings import load_settings

url = context.config.get_main_option("sqlalchemy.url") or load_settings(secrets_needed=False).database_url

engine = make_engine(url)
try:
    with engine.connect() as connection:
        context.configure(connection=connection, target_metadata=Base.metadata, render_as_batch=True, compare_type=True)
        with context.begin_transaction():
            context.run_migrations()
finally:
    engine.dispose()

"""How Alembic reaches the database: through the connection of the running program, or by ``-x url=...`` for developers."""

from typing import Literal

from alembic import context
from sqlalchemy import Connection, TypeDecorator

from aggregator.store.desk_tables import is_declared
from aggregator.store.engine import connect, database_url
from aggregator.store.tables import metadata


def spelled(kind: str, item: object, _context: object) -> str | Literal[False]:
    """Spell our column types as SQLAlchemy's own in new migrations, so that an old migration stays what it was."""
    return f"sa.{item.impl!r}" if kind == "type" and isinstance(item, TypeDecorator) else False


def run(connection: Connection) -> None:
    """Run the migrations that are asked for, inside the transaction of the connection where it has one."""
    context.configure(
        connection=connection,
        target_metadata=metadata,
        render_as_batch=True,
        transactional_ddl=True,
        render_item=spelled,
        include_name=is_declared,
    )
    with context.begin_transaction():
        context.run_migrations()


given = context.config.attributes.get("connection")
if given is not None:
    run(given)
else:
    engine = connect(database_url(context.get_x_argument(as_dictionary=True)["url"]), foreign_keys=False)
    with engine.connect() as opened:
        run(opened)
    engine.dispose()

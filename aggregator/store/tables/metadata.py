"""The one list of tables, and how their keys are named."""

from sqlalchemy import (
    Column,
    MetaData,
    Table,
)

from aggregator.store.columns import BigId, CleanText

metadata = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "ck": "ck_%(table_name)s_%(constraint_name)s",
        "fk": "fk_%(table_name)s_%(column_0_name)s",
        "pk": "pk_%(table_name)s",
    }
)


counters = Table(
    "counters",
    metadata,
    Column("name", CleanText, primary_key=True),
    Column("value", BigId, nullable=False),
)

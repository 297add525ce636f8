"""The store: everything that was served, decided and told, in SQLite or PostgreSQL behind one contract.

SQL lives here only; past this door go the frozen records of `aggregator.records`. The tables and what each promise rests on are
described in docs/data-model.md.
"""

from aggregator.store.locks import ServiceLock, alone, installation_lock, working_lock
from aggregator.store.sql_store import SqlStore, open_store

__all__ = ["ServiceLock", "SqlStore", "alone", "installation_lock", "open_store", "working_lock"]

"""Readers: who may look at the desk. Of passwords, session keys and tokens only hashes are kept."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import delete, func, insert, select, update

from aggregator.desk_records import User
from aggregator.store.database import Section
from aggregator.store.desk_tables import api_tokens, desk_sessions, desk_users, kept_searches


class Readers(Section):
    """Keep users, their sessions, and the tokens of programs."""

    def users(self) -> Sequence[User]:
        """Give all users, by name."""
        with self._database.read() as connection:
            rows = connection.execute(select(desk_users).order_by(desk_users.c.name))
            return [User(name=row.name, role=row.role, password_hash=row.password_hash) for row in rows]

    def has_users(self) -> bool:
        """Tell whether anybody has a password."""
        with self._database.read() as connection:
            return connection.execute(select(func.count()).select_from(desk_users)).scalar_one() > 0

    def save_user(self, user: User, now: datetime) -> None:
        """Add a user, or change role and password of a known one, which ends that user's sessions."""
        values = {"role": user.role, "password_hash": user.password_hash}
        with self._database.write() as connection:
            connection.execute(delete(desk_sessions).where(desk_sessions.c.user_name == user.name))
            if not connection.execute(update(desk_users).where(desk_users.c.name == user.name).values(values)).rowcount:
                connection.execute(insert(desk_users).values(name=user.name, added_at=now, **values))

    def remove_user(self, name: str) -> bool:
        """Remove a user with all sessions and kept searches; False where there is none of that name."""
        with self._database.write() as connection:
            connection.execute(delete(desk_sessions).where(desk_sessions.c.user_name == name))
            connection.execute(delete(kept_searches).where(kept_searches.c.owner == name))
            return connection.execute(delete(desk_users).where(desk_users.c.name == name)).rowcount == 1

    def user(self, name: str) -> User | None:
        """Give a user, or None."""
        with self._database.read() as connection:
            row = connection.execute(select(desk_users).where(desk_users.c.name == name)).first()
        return User(name=row.name, role=row.role, password_hash=row.password_hash) if row else None

    def open_session(self, key_hash: str, name: str, now: datetime, ends_at: datetime) -> None:
        """Keep a session; those that ended are forgotten on the way."""
        with self._database.write() as connection:
            connection.execute(delete(desk_sessions).where(desk_sessions.c.ends_at <= now))
            connection.execute(insert(desk_sessions).values(key_hash=key_hash, user_name=name, opened_at=now, ends_at=ends_at))

    def session_user(self, key_hash: str, now: datetime) -> User | None:
        """Give the user of a session that has not ended."""
        query = select(desk_users.c.name, desk_users.c.role).join(desk_sessions, desk_sessions.c.user_name == desk_users.c.name)
        with self._database.read() as connection:
            row = connection.execute(query.where(desk_sessions.c.key_hash == key_hash, desk_sessions.c.ends_at > now)).first()
        return User(name=row.name, role=row.role) if row else None

    def close_session(self, key_hash: str) -> None:
        """End a session."""
        with self._database.write() as connection:
            connection.execute(delete(desk_sessions).where(desk_sessions.c.key_hash == key_hash))

    def save_token(self, name: str, token_hash: str, scope: str, now: datetime) -> None:
        """Keep the hash of a program's token; a token of that name is replaced."""
        with self._database.write() as connection:
            connection.execute(delete(api_tokens).where(api_tokens.c.name == name))
            connection.execute(insert(api_tokens).values(name=name, token_hash=token_hash, scope=scope, added_at=now))

    def remove_token(self, name: str) -> bool:
        """Forget a token; False where there is none of that name."""
        with self._database.write() as connection:
            return connection.execute(delete(api_tokens).where(api_tokens.c.name == name)).rowcount == 1

    def token(self, token_hash: str) -> tuple[str, str] | None:
        """Give name and scope of a token, or None."""
        with self._database.read() as connection:
            row = connection.execute(select(api_tokens.c.name, api_tokens.c.scope).where(api_tokens.c.token_hash == token_hash)).first()
        return (row.name, row.scope) if row else None

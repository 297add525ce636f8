"""A fortnight of every fate: nothing lost, gaps and alarms exact, hosts left in peace; bench/month.py runs sixty feeds a month."""

from aggregator.store import SqlStore
from tests.poll.month import findings, live, made
from tests.poll.newsstand import PlainReader

DAYS = 12


async def test_nothing_is_lost_and_every_alarm_is_raised_once(sqlite_store: SqlStore) -> None:
    month = made(10, DAYS)
    alarms = await live(month, sqlite_store, PlainReader(), DAYS)
    assert findings(month, sqlite_store, alarms) == []
    standing = {alarm.kind for alarm in alarms if alarm.cleared_at is None}
    assert standing == {"gone"}

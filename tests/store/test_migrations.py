import threading
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import CheckConstraint, inspect, text

from aggregator.errors import StoreError
from aggregator.ports import Store
from aggregator.store import SqlStore, open_store
from aggregator.store.desk_tables import is_declared
from aggregator.store.engine import connect
from aggregator.store.schema import migrations_folder, versions
from aggregator.store.tables import metadata
from aggregator.store.verifying import verify
from tests.store.samples import (
    ADDRESSES,
    FEED,
    NOW,
    SUBSCRIPTION,
    digest,
    intake,
    item,
    joined,
    matched,
    open_story,
    take_in,
    unmatched,
)


def differences(store: SqlStore) -> list[Any]:
    with store._database.engine.connect() as connection:
        context = MigrationContext.configure(
            connection, opts={"compare_type": True, "compare_server_default": True, "include_name": is_declared}
        )
        return list(compare_metadata(context, metadata))


def move(store: SqlStore, direction: Callable[[Config, str], None], version: str) -> None:
    """Bring the tables to a version by Alembic alone; rebuilding a table on SQLite needs the keys off."""
    engine = connect(store._database.url, foreign_keys=False)
    with engine.begin() as connection:
        config = Config(attributes={"connection": connection})
        config.set_main_option("script_location", str(migrations_folder()))
        config.set_main_option("path_separator", "os")
        direction(config, version)
    engine.dispose()


def test_upgrading_an_empty_database_gives_exactly_the_declared_tables(empty_url: str) -> None:
    store = open_store(empty_url)
    store.upgrade()
    assert differences(store) == []
    inspector = inspect(store._database.engine)
    for table in metadata.sorted_tables:
        declared = {str(check.name) for check in table.constraints if isinstance(check, CheckConstraint)}
        assert {check["name"] for check in inspector.get_check_constraints(table.name)} == declared
    store.close()


def test_upgrading_again_changes_nothing(empty_url: str) -> None:
    store = open_store(empty_url)
    store.upgrade()
    store.sync_feeds([FEED], NOW)
    store.upgrade()
    assert [line.feed_id for line in store.feed_health()] == ["dailynk"]
    store.close()


def test_starters_that_collide_take_turns(empty_url: str) -> None:
    ready: list[int] = []

    def start() -> None:
        store = open_store(empty_url)
        store.upgrade()
        ready.append(store.overview().entries)
        store.close()

    starters = [threading.Thread(target=start) for _ in range(3)]
    for starter in starters:
        starter.start()
    for starter in starters:
        starter.join()
    store = open_store(empty_url)
    assert ready == [0, 0, 0]
    assert differences(store) == []
    store.close()


def test_a_database_of_another_release_is_refused_untouched(empty_url: str) -> None:
    store = open_store(empty_url)
    store.upgrade()
    with store._database.write() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    with pytest.raises(StoreError, match="another release"):
        store.upgrade()
    assert store.overview().entries == 0
    store.close()


def test_rows_that_refer_to_nothing_stop_the_upgrade(tmp_path: Path) -> None:
    store = open_store(f"sqlite:///{tmp_path}/store.db")
    store.upgrade()
    move(store, command.downgrade, versions()[-2])
    with store._database.engine.connect() as connection:
        connection.exec_driver_sql("COMMIT")
        connection.exec_driver_sql("PRAGMA foreign_keys=OFF")
        connection.exec_driver_sql("INSERT INTO sightings VALUES (7, 7, '2026-01-01')")
    with pytest.raises(StoreError, match="table sightings refers to a missing row"):
        store.upgrade()
    store.close()


def test_the_history_is_one_line_and_found_beside_the_package() -> None:
    scripts = ScriptDirectory(str(migrations_folder()))
    assert len(scripts.get_heads()) == 1
    assert [script.revision for script in scripts.walk_revisions()] == [*reversed(versions())]
    assert (migrations_folder() / "env.py").is_file()


def test_the_whole_history_can_be_undone_on_an_empty_database(empty_url: str) -> None:
    store = open_store(empty_url)
    store.upgrade()
    move(store, command.downgrade, "base")
    assert inspect(store._database.engine).get_table_names() == ["alembic_version"]
    store.close()


def test_what_matched_after_it_was_told_of_a_story_counts_as_unread_when_told_articles_are_filled(empty_url: str) -> None:
    store = open_store(empty_url)
    store.upgrade()
    store.sync_feeds([FEED], NOW)
    store.sync_subscriptions([SUBSCRIPTION], {SUBSCRIPTION.id: None}, NOW)
    (early,) = take_in(store, intake("early"))
    store.record_judged(unmatched(early))
    story = open_story(store)
    store.record_digest(digest(item(story, articles=[2]), through_seq=2), ADDRESSES, None, NOW)
    (edited,) = take_in(store, replace(intake("early", raw_hash="edited"), entry_id=early.article_id))
    store.record_judged(matched(edited, joined(story)))
    store.advance_subscription(SUBSCRIPTION.id, 2, 3, None, NOW)
    move(store, command.downgrade, "0011_kept_searches")
    store.upgrade()
    store.split_story(story, [early.article_id], NOW)
    found = store.window_stories(SUBSCRIPTION.id, ("workers",), 3, store.judged_through())
    assert [[each.telling.article_id for each in material.articles] for material in found] == [[early.article_id]]
    store.close()


def test_what_joined_a_merged_story_later_counts_as_unread_when_told_articles_are_filled(empty_url: str) -> None:
    store = open_store(empty_url)
    store.upgrade()
    store.sync_feeds([FEED], NOW)
    store.sync_subscriptions([SUBSCRIPTION], {SUBSCRIPTION.id: None}, NOW)
    one, two = open_story(store), open_story(store, "two")
    store.record_digest(digest(item(one, articles=[1]), item(two, articles=[2]), through_seq=2), ADDRESSES, None, NOW)
    store.merge_stories(one, two, NOW)
    (late,) = take_in(store, intake("late"))
    store.record_judged(matched(late, joined(one)))
    store.advance_subscription(SUBSCRIPTION.id, 2, 3, None, NOW)
    move(store, command.downgrade, "0011_kept_searches")
    store.upgrade()
    store.split_story(one, [late.article_id], NOW)
    found = store.window_stories(SUBSCRIPTION.id, ("workers",), 3, store.judged_through())
    assert [[each.telling.article_id for each in material.articles] for material in found] == [[late.article_id]]
    store.close()


def test_matches_from_before_the_chain_are_told_and_later_ones_must_have_a_link(sql_store: SqlStore, store: Store, url: str) -> None:
    open_story(store, "old")
    with sql_store._database.write() as connection:
        connection.execute(text("DELETE FROM evidence"))
        connection.execute(text("UPDATE counters SET value = 0 WHERE name = 'evidence'"))
    move(sql_store, command.downgrade, "0015_regrouping")
    move(sql_store, command.upgrade, "head")
    assert (verify(url).older, verify(url).faults) == (1, ())
    open_story(store, "new")
    assert (verify(url).links, verify(url).older, verify(url).faults) == (1, 1, ())

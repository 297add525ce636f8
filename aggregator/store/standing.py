"""Standing decisions: what people decided and did not take back; no undoing may break one of them.

Decisions about the same stories or articles are taken back last in, first out: each was made on what the earlier ones left, so taking
an earlier one away would leave a state that nobody decided.
"""

from collections.abc import Sequence

from sqlalchemy import Connection, RowMapping, select, update

from aggregator.errors import UsageError
from aggregator.store.database import batches
from aggregator.store.story_tables import bonds, story_operations
from aggregator.store.tables import articles, stories, story_articles


def refuse_if_built_on(connection: Connection, row: RowMapping) -> None:
    """Raise `UsageError` with the later decisions that stand and are about the same stories or articles."""
    later = select(story_operations).where(
        story_operations.c.id > row["id"],
        story_operations.c.by_hand.is_(True),
        story_operations.c.undone_at.is_(None),
        story_operations.c.kind != "undo",
    )
    found = [line["id"] for line in connection.execute(later.order_by(story_operations.c.id.desc())).mappings() if _meet(row, line)]
    if found:
        listed = ", ".join(map(str, found))
        raise UsageError(f"decision {row['id']} cannot be taken back while later ones about its stories stand; take back first: {listed}")


def refuse_if_broken(connection: Connection, ids: Sequence[int]) -> None:
    """Raise `UsageError` where these articles stand against what people decided of pairs; the caller's transaction is given up."""
    wanted = set(ids)
    rows = [row for batch in batches(sorted(wanted)) for row in connection.execute(select(bonds).where(bonds.c.one.in_(batch)))]
    rows += [row for batch in batches(sorted(wanted)) for row in connection.execute(select(bonds).where(bonds.c.other.in_(batch)))]
    places = _places(connection, {article for row in rows for article in (row.one, row.other)})
    broken = sorted({row.operation_id for row in rows if (places.get(row.one) == places.get(row.other)) != row.together})
    if broken:
        listed = ", ".join(map(str, broken))
        raise UsageError(f"this would stand against decisions {listed}; take those back first")


def lead_by_decisions(connection: Connection, story_id: int, former: int | None) -> None:
    """Let the article speak for a story that people chose last, else the former one, else the one that does, else the first told."""
    told = select(articles.c.id).join(story_articles, story_articles.c.article_id == articles.c.id)
    members = list(
        connection.execute(told.where(story_articles.c.story_id == story_id).order_by(articles.c.told_at, articles.c.id)).scalars()
    )
    if not members:
        return
    head = connection.execute(select(stories.c.lead_article_id).where(stories.c.id == story_id)).one()
    chosen = _chosen(connection, story_id, members)
    lead = chosen or next((article for article in (former, head.lead_article_id) if article in members), members[0])
    values = {"lead_article_id": lead, "lead_by_hand": chosen is not None}
    connection.execute(update(stories).where(stories.c.id == story_id).values(**values))


def former_lead(connection: Connection, row: RowMapping) -> int | None:
    """Give the article that led before a decision: it was named by the decision, or it left with a split."""
    if row["kind"] == "lead":
        return int(row["articles"][1])
    lines = select(story_operations.c.articles).where(
        story_operations.c.kind == "lead",
        story_operations.c.by_hand.is_(False),
        story_operations.c.story_id == row["story_id"],
        story_operations.c.other_id == row["other_id"],
    )
    found = connection.execute(lines.order_by(story_operations.c.id.desc()).limit(1)).scalar()
    return int(found[1]) if found and row["kind"] == "split" else None


def _chosen(connection: Connection, story_id: int, members: Sequence[int]) -> int | None:
    lines = select(story_operations.c.articles).where(
        story_operations.c.kind == "lead",
        story_operations.c.by_hand.is_(True),
        story_operations.c.undone_at.is_(None),
        story_operations.c.story_id == story_id,
    )
    found = connection.execute(lines.order_by(story_operations.c.id.desc())).scalars()
    return next((int(ids[0]) for ids in found if ids[0] in members), None)


def _meet(one: RowMapping, other: RowMapping) -> bool:
    ours, theirs = ({line["story_id"], line["other_id"]} - {0} for line in (one, other))
    return bool(ours & theirs) or bool({*one["articles"]} & {*other["articles"]})


def _places(connection: Connection, ids: set[int]) -> dict[int, int]:
    query = select(story_articles.c.article_id, story_articles.c.story_id)
    found = (row for batch in batches(sorted(ids)) for row in connection.execute(query.where(story_articles.c.article_id.in_(batch))))
    return {int(row.article_id): int(row.story_id) for row in found}

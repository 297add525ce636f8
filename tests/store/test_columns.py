from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from aggregator.models import Digest, Entry, Evidence
from aggregator.store.columns import clean, from_json, to_json
from tests.store.samples import EVIDENCE, NOW, digest, entry, item

WELL_FORMED = st.text(st.characters(exclude_categories=["Cs"]))


@pytest.mark.parametrize(
    ("shape", "value"),
    [
        (Digest, digest(item(1), replace(item(2), published_at=NOW, kind="update"))),
        (Entry, entry(updated_at=datetime(1, 1, 1, tzinfo=timezone(timedelta(hours=-9))))),
        (tuple[Evidence, ...], (EVIDENCE, EVIDENCE)),
        (tuple[str, ...], ()),
    ],
    ids=["digest", "entry", "evidence", "nothing"],
)
def test_records_come_back_equal(shape: Any, value: Any) -> None:
    assert from_json(shape, to_json(shape, value)) == value


@settings(deadline=None, max_examples=50)
@given(
    texts=st.tuples(WELL_FORMED, WELL_FORMED, WELL_FORMED),
    moment=st.datetimes(timezones=st.just(UTC)),
    score=st.floats(allow_nan=False, allow_infinity=False),
    counts=st.dictionaries(WELL_FORMED, st.integers(0, 10**12), max_size=3),
)
def test_any_digest_comes_back_equal(texts: tuple[str, ...], moment: datetime, score: float, counts: dict[str, int]) -> None:
    told = digest(replace(item(1), headline=texts[0], changes=texts, published_at=moment, score=score), decided_at=moment)
    told = replace(told, topic_names={texts[0]: texts[1]}, coverage=replace(told.coverage, unmatched_by_reason=counts))
    assert from_json(Digest, to_json(Digest, told)) == told


@given(st.text())
def test_cleaned_text_can_be_stored_and_stays_clean(text: str) -> None:
    cleaned = clean(text)
    assert "\x00" not in cleaned
    assert cleaned.encode("utf-8").decode("utf-8") == cleaned == clean(cleaned)


def test_well_formed_text_is_left_alone() -> None:
    assert clean("북한 노동자 😀 é\n") == "북한 노동자 😀 é\n"


def test_a_lone_surrogate_in_a_record_is_replaced() -> None:
    assert from_json(Entry, to_json(Entry, entry(title="a\ud800b"))).title == "a?b"


def test_fields_of_another_release_do_not_stop_reading() -> None:
    assert from_json(Entry, '{"id": null, "url": null, "title": "x", "colour": "red"}') == Entry(id=None, url=None, title="x")

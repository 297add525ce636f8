from dataclasses import replace

from aggregator.models import Fact
from aggregator.ports import Store
from tests.store.samples import FIGURE, HOUR, NOW, intake, matched, opened, take_in, unmatched

PLACE = Fact(kind="place", concept="place/dandong", field="text", start=20, end=27, quote="Dandong")
DATE = Fact(kind="date", concept="date/2024-07-09", field="text", start=30, end=40, quote="on the 9th", value="2024-07-09", precision="day")
ABOUT = replace(FIGURE, qualifier="about", period="month", what="people")


def test_figures_of_matched_articles_stand_in_the_ledger_with_place_and_date(store: Store) -> None:
    one, two = take_in(store, intake("one"), intake("two"))
    judged = matched(one, opened())
    story_id = store.record_judged(replace(judged, article=replace(judged.article, facts=(ABOUT, PLACE, DATE))))
    store.record_judged(unmatched(two))
    (line,) = store.ledger(NOW - 2 * HOUR)
    assert line.fact == ABOUT
    assert (line.place, line.date, line.story_id) == ("dandong", "2024-07-09", story_id)
    assert (line.outlet, line.title, line.url) == ("Daily NK", "Workers one", "https://dailynk.example/one")
    assert store.ledger(NOW + HOUR) == []

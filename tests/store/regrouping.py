"""Stories to regroup, and what a desk is told of them."""

from dataclasses import replace

from aggregator.ports import Store
from aggregator.records import Judged, Traits
from tests.store.samples import ADDRESSES, NOW, SUBSCRIPTION, digest, item, open_story

TOPICS = ("workers",)
TRAITS = Traits(title={"workers": 0.5}, lead={"workers": 0.5, "plant": 0.9}, facts={"place/dandong": 0.9})


def two_stories(store: Store) -> tuple[int, int]:
    return open_story(store, "one"), open_story(store, "two")


def news(store: Store, after_seq: int = 0) -> list[int]:
    found = store.window_stories(SUBSCRIPTION.id, TOPICS, after_seq, store.judged_through())
    return [material.story_id for material in found]


def tell(store: Store, *story_ids: int) -> None:
    """Send a digest of these stories to the desk."""
    through = store.judged_through()
    found = store.window_stories(SUBSCRIPTION.id, TOPICS, after(store), through)
    versions = {material.story_id: material.version for material in found}
    items = [item(story_id, versions[story_id], articles=members(store, story_id)) for story_id in story_ids]
    told = digest(*items, after_seq=after(store), through_seq=through)
    assert store.record_digest(told, ADDRESSES, None, NOW) is not None


def after(store: Store) -> int:
    state = store.subscription_state(SUBSCRIPTION.id)
    assert state is not None
    return state.after_seq


def members(store: Store, story_id: int) -> list[int]:
    return [telling.article_id for telling in store.story_record(story_id).members]


def open_window(store: Store) -> list[int]:
    """Give what is news in the window that is open now."""
    return news(store, after(store))


def with_traits(judged: Judged, traits: Traits = TRAITS) -> Judged:
    return replace(judged, traits=traits)

"""Hold what the demo really did against what a good watch makes of it, story by story."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

from aggregator.models import Digest
from aggregator.newsroom.content import Expected, ExpectedStory
from aggregator.newsroom.edition import Edition, load_expected
from aggregator.records import Outcome

ROUNDS = (1, 2, 3)


@dataclass(frozen=True)
class Happened:
    """Hold the outcomes and digests of a finished demo, and the edition at its real addresses."""

    edition: Edition
    outcomes: Sequence[Outcome]
    digests: Sequence[Digest]

    @cached_property
    def expected(self) -> Expected:
        return load_expected()

    def of(self, entry_id: str) -> list[Outcome]:
        """Find an entry's stored revisions: by its address, or by its title where it has none."""
        feed = self.edition.feed_of[entry_id].id
        wordings = [self.edition.item(entry_id, number) for number in ROUNDS]
        pages, titles = {item.url for item in wordings if item.url}, {item.title for item in wordings}
        mine = [outcome for outcome in self.outcomes if outcome.feed_id == feed]
        return [outcome for outcome in mine if outcome.url in pages] or [outcome for outcome in mine if outcome.title in titles]

    def stories_of(self, story: ExpectedStory) -> set[int | None]:
        return {outcome.story_id for member in story.members for outcome in self.of(member.entry)}

    @cached_property
    def names(self) -> Mapping[int, str]:
        """Map the store's story numbers to the names of the expected stories."""
        return {number: story.id for story in self.expected.stories for number in self.stories_of(story) if number is not None}

    def told(self, subscription: str) -> Counter[tuple[str, str]]:
        """Count how often each story was told, as what."""
        digests = [digest for digest in self.digests if digest.subscription == subscription]
        return Counter((self.names.get(item.story_id, f"story {item.story_id}"), item.kind) for digest in digests for item in digest.items)

    def tellings_expected(self) -> Counter[tuple[str, str]]:
        new = Counter((story.id, "new") for story in self.expected.stories)
        return new + Counter((story.id, "update") for story in self.expected.stories for _ in story.updates)

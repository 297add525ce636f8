"""Make articles and read facts in one line, for the tables of this room's tests."""

import asyncio
from collections.abc import Awaitable, Callable

from aggregator.models import Article, Fact, FeedSpec

Step = Callable[[Article], Awaitable[Article]]


def feed(language: str = "en", publisher: str = "Example Post", family: str = "example", *, assume_country: bool = False) -> FeedSpec:
    return FeedSpec(
        id="example",
        name="Example",
        url="https://example.org/feed",
        publisher=publisher,
        family=family,
        language=language,
        assume_country=assume_country,
    )


def article(text: str, language: str = "en", title: str = "", publisher: str = "Example Post") -> Article:
    return Article(title=title, text=text, feed=feed(language, publisher), language=language)


def run(step: Step, one: Article) -> Article:
    async def main() -> Article:
        return await step(one)

    return asyncio.run(main())


def facts(step: Step, text: str, language: str = "en", publisher: str = "Example Post") -> tuple[Fact, ...]:
    return run(step, article(text, language, publisher=publisher)).facts


def concepts(step: Step, text: str, language: str = "en", publisher: str = "Example Post") -> list[str]:
    return [fact.concept for fact in facts(step, text, language, publisher)]

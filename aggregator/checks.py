"""Check a configuration as far as that is possible without the network: the file, the environment, and the topics' own examples."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from aggregator.app.configured import read_configuration
from aggregator.app.recipients import addresses, is_diverted, unset, unusable
from aggregator.matching import Judge, compile_topics
from aggregator.models import Article, Configuration, FeedSpec, SubscriptionSpec, TopicSpec
from aggregator.records import Address
from aggregator.settings import Settings
from aggregator.vocabulary import load_packs

_NO_FEED = FeedSpec(id="example", name="example", url="", publisher="example", family="example")


@dataclass(frozen=True, slots=True, kw_only=True)
class WrongExample:
    """Name an example that its topic judges otherwise than it says."""

    topic: str
    text: str
    should_match: bool
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class SubscriptionCheck:
    """Say where a subscription's messages go, as far as this installation is configured; `goes_to` is empty where nowhere.

    `warnings` are no mistakes, but somebody gets nothing: a variable that is missing beside others.
    """

    id: str
    channel: str
    goes_to: tuple[str, ...]
    problems: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckReport:
    """Hold what a check found; `ok` is False where an example is judged wrongly or a recipient can never be reached."""

    ok: bool
    feeds: int
    feeds_enabled: int
    topics: tuple[str, ...]
    examples: int
    wrong_examples: tuple[WrongExample, ...]
    subscriptions: tuple[SubscriptionCheck, ...]

    def lines(self) -> Iterator[tuple[str, str]]:
        """Give the report as rows for people."""
        yield "feeds", f"{self.feeds_enabled} enabled, {self.feeds - self.feeds_enabled} disabled with a reason"
        yield (
            "topics",
            f"{', '.join(self.topics)}: {self.examples - len(self.wrong_examples)} of {self.examples} examples judged as they say",
        )
        for wrong in self.wrong_examples:
            yield f"topic {wrong.topic}", f"{'should match' if wrong.should_match else 'must not match'}: {wrong.text!r} ({wrong.reason})"
        for check in self.subscriptions:
            yield f"subscription {check.id}", f"{check.channel}: {', '.join(check.goes_to) or 'sleeps, no recipient is configured'}"
            yield from ((f"subscription {check.id}", problem) for problem in (*check.problems, *check.warnings))


def check_configuration(settings: Settings) -> CheckReport:
    """Read everything and judge the examples; raises `ConfigurationError` with every mistake of the file."""
    configuration = read_configuration(settings)
    wrong = tuple(_wrong_examples(configuration))
    subscriptions = tuple(_check_subscription(settings, subscription) for subscription in configuration.subscriptions)
    return CheckReport(
        ok=not wrong and not any(check.problems for check in subscriptions),
        feeds=len(configuration.feeds),
        feeds_enabled=sum(feed.enabled for feed in configuration.feeds),
        topics=tuple(topic.id for topic in configuration.topics),
        examples=sum(len(topic.must_match) + len(topic.must_not_match) for topic in configuration.topics),
        wrong_examples=wrong,
        subscriptions=subscriptions,
    )


def _check_subscription(settings: Settings, subscription: SubscriptionSpec) -> SubscriptionCheck:
    found = addresses(settings, subscription)
    return SubscriptionCheck(
        id=subscription.id,
        channel=subscription.channel,
        goes_to=tuple(f"{address.channel}:{address.recipient}" for address in found),
        problems=tuple(problem for address in found if (problem := unusable(settings, address))),
        warnings=tuple(_warnings(settings, subscription, found)),
    )


def _warnings(settings: Settings, subscription: SubscriptionSpec, found: Sequence[Address]) -> Iterator[str]:
    missing = ", ".join(unset(settings, subscription))
    if missing and is_diverted(subscription, found):
        yield f"warning: {missing} is not set: digests are written to files until mail was sent once, from then on they wait for it"
    elif missing and found:
        yield f"warning: {missing} is not set: whom it names gets nothing"


def _wrong_examples(configuration: Configuration) -> Iterator[WrongExample]:
    for topic in configuration.topics:
        judge = compile_topics([topic], load_packs())
        yield from _judged_wrongly(topic, judge, should_match=True)
        yield from _judged_wrongly(topic, judge, should_match=False)


def _judged_wrongly(topic: TopicSpec, judge: Judge, *, should_match: bool) -> Iterator[WrongExample]:
    for text in topic.must_match if should_match else topic.must_not_match:
        (judgement,) = judge.judge(Article(title=text, text="", feed=_NO_FEED))
        if judgement.matched is not should_match:
            reason = judgement.reason.detail or judgement.reason.code
            yield WrongExample(topic=topic.id, text=text, should_match=should_match, reason=reason)

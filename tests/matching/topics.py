"""The two topics as the product configures them, and an article around a headline."""

from pathlib import Path

from aggregator.feedfile import load_configuration
from aggregator.matching import Judge, compile_topics
from aggregator.models import Article, FeedSpec, Judgement
from aggregator.vocabulary import load_packs

LABOUR, SANCTIONS = load_configuration(Path(__file__).parents[2] / "feeds.yaml").topics
PACKS = load_packs()
JUDGE: Judge = compile_topics((LABOUR, SANCTIONS), PACKS)
FEED = FeedSpec(id="feed", name="Feed", url="https://news.example/feed", publisher="Example", family="example")


def article(title: str, text: str = "", *, feed: FeedSpec = FEED) -> Article:
    return Article(title=title, text=text, feed=feed)


def judge(title: str, text: str = "") -> tuple[Judgement, Judgement]:
    labour, sanctions = JUDGE.judge(article(title, text))
    return labour, sanctions

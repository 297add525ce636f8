"""The two topics as the product configures them, and an article around a headline."""

from aggregator.matching import Judge, compile_topics
from aggregator.models import Article, FeedSpec, Judgement, TopicSpec
from aggregator.vocabulary import load_packs

LABOUR = TopicSpec(
    id="labour",
    name="North Korean workers abroad",
    anchor="country_anchor",
    themes={
        "overseas_workers": 1.0,
        "forced_labour_rights/forced_labour": 1.0,
        "forced_labour_rights/wages_withheld": 0.5,
        "forced_labour_rights/unrest": 0.5,
        "sectors/it_workers": 1.0,
        "sectors/regions": 1.0,
        "sectors/restaurants": 0.5,
        "sectors/logging": 0.5,
        "repatriation_visas": 0.5,
        "loyalty_funds_fx": 0.5,
    },
    require=("overseas_workers", "forced_labour_rights/forced_labour", "sectors/it_workers"),
    context=("forced_labour_rights", "sectors", "sanctions_regimes", "evasion", "enforcement_denials"),
)
SANCTIONS = TopicSpec(
    id="sanctions",
    name="Sanctions on North Korea and their evasion",
    anchor="country_anchor",
    themes={
        "sanctions_regimes": 1.0,
        "evasion/ship_to_ship": 1.0,
        "evasion/coal_and_minerals": 1.0,
        "evasion/oil": 1.0,
        "evasion/banned_goods": 1.0,
        "evasion/smuggling": 0.5,
        "evasion/ship_deception": 0.5,
        "evasion/fronts": 0.5,
    },
    require=("sanctions_regimes", "evasion/ship_to_ship", "evasion/coal_and_minerals", "evasion/oil", "evasion/banned_goods"),
    context=(
        "evasion",
        "overseas_workers",
        "repatriation_visas",
        "loyalty_funds_fx",
        "sectors",
        "forced_labour_rights",
        "enforcement_denials",
    ),
)
PACKS = load_packs()
JUDGE: Judge = compile_topics((LABOUR, SANCTIONS), PACKS)
FEED = FeedSpec(id="feed", name="Feed", url="https://news.example/feed", publisher="Example", family="example")


def article(title: str, text: str = "", *, feed: FeedSpec = FEED) -> Article:
    return Article(title=title, text=text, feed=feed)


def judge(title: str, text: str = "") -> tuple[Judgement, Judgement]:
    labour, sanctions = JUDGE.judge(article(title, text))
    return labour, sanctions

"""Make the feeds that the ingest benchmark polls: RSS, Atom and RDF in three languages, the same for the same number.

A feed of 40 items has about 70 kB. In each round a twentieth of the feeds gets two new items. One item of forty is on the watch's subject,
as in a general news feed; the rest is made of words that mean nothing.
"""

import random
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from functools import cache
from html import escape

EPOCH = datetime(2026, 1, 1, tzinfo=UTC)
SYLLABLES = {
    "en": (
        "ba",
        "ce",
        "di",
        "fo",
        "gu",
        "ha",
        "je",
        "ki",
        "lo",
        "mu",
        "na",
        "pe",
        "qui",
        "ro",
        "su",
        "ta",
        "ve",
        "wi",
        "cha",
        "dre",
        "tri",
    ),
    "ko": tuple("가나다라마바사아자차카타파거너더러머버서어저처고노도로모보소오조초구누두"),
    "zh": tuple("春花秋月山水风云雨雪江河湖海石木林田竹茶书画琴棋诗酒米面鱼鸟马牛"),
}
PLACES = ("Dandong", "Vladivostok", "Hunchun", "Dalian", "Shenyang", "Khabarovsk", "Dubai", "Doha", "Warsaw", "Dakar", "Beijing", "Moscow")
KINDS = ("rss", "rss", "atom", "rss", "rss", "atom", "rss", "rdf", "rss", "atom")
LANGUAGES = ("en", "ko", "en", "en", "ko", "en", "zh", "en", "ko", "en")
SPACES = (
    'xmlns:dc="http://purl.org/dc/elements/1.1/" xmlns:atom="http://www.w3.org/2005/Atom" '
    'xmlns:media="http://search.yahoo.com/mrss/" xmlns:sy="http://purl.org/rss/1.0/modules/syndication/"'
)


def kind_of(feed: int) -> str:
    """Give the format of a feed: six of ten are RSS 2.0, three Atom, one RDF."""
    return KINDS[feed % 10]


def address_of(feed: int) -> str:
    """Give every feed a host of its own within 127.0.0.0/8."""
    return f"127.{1 + feed // 62_500}.{feed // 250 % 250}.{feed % 250 + 1}"


def changes(feed: int, feeds: int, turn: int) -> bool:
    """Tell whether a feed has something new in a round: one of twenty has."""
    return (feed * 7919 + turn * 104_729) % feeds < feeds // 20


def top_item(feed: int, feeds: int, turn: int, items: int) -> int:
    """Give the number of the newest item of a feed in a round."""
    return items + 2 * sum(changes(feed, feeds, past) for past in range(1, turn + 1))


@cache
def _words(language: str) -> tuple[str, ...]:
    chance = random.Random(language)
    lengths = (2, 2, 3, 4) if language == "en" else (1, 2, 2, 3)
    return tuple("".join(chance.choices(SYLLABLES[language], k=chance.choice(lengths))) for _ in range(3_000))


def words(chance: random.Random, language: str, count: int) -> str:
    """Give so many words that mean nothing, in the script of a language."""
    return (" " if language != "zh" else "").join(chance.choices(_words(language), k=count))


def _title(chance: random.Random, language: str, feed: int, number: int) -> str:
    if (feed + number) % 40:
        return words(chance, language, 8)
    return f"{chance.randint(20, 4000)} North Korean workers in {chance.choice(PLACES)} told to go home, {words(chance, 'en', 3)}"


def _html(chance: random.Random, language: str, feed: int, number: int) -> str:
    paragraphs = "".join(
        f'<p>{words(chance, language, 45)} <a href="/topic/{chance.randint(1, 999)}?utm_source=rss">{words(chance, language, 3)}</a> '
        f"<strong>{words(chance, language, 2)}</strong> {words(chance, language, 20)}.</p>"
        for _ in range(3)
    )
    image = f'<img src="/img/{feed}/{number}.jpg" width="640" alt="photo &amp; caption" class="lead" onclick="x()"/>'
    return f'<div class="entry" style="margin:0">{image}{paragraphs}<br/><em>&copy; 2026 &mdash; feed {feed}</em></div>'


def document(feed: int, base: str, top: int, items: int = 40) -> bytes:
    """Render one feed whose newest item has the number `top`."""
    kind, language = kind_of(feed), LANGUAGES[(feed // 10 + feed) % 10]
    body = "".join(_item(kind, language, feed, number, base) for number in range(top, top - items, -1))
    built = EPOCH + timedelta(minutes=37 * top + feed % 1440)
    return _frame(kind, language, feed, base, built).replace("@", body, 1).encode()


def _frame(kind: str, language: str, feed: int, base: str, built: datetime) -> str:
    declaration = '<?xml version="1.0" encoding="UTF-8"?>\n'
    if kind == "rss":
        return (
            f'{declaration}<rss version="2.0" {SPACES}><channel><title>Feed {feed}</title><link>{base}/</link>'
            f'<description>News</description><atom:link href="{base}/f/{feed}.xml" rel="self"/><language>{language}</language>'
            f"<lastBuildDate>{format_datetime(built)}</lastBuildDate><sy:updatePeriod>hourly</sy:updatePeriod>@</channel></rss>\n"
        )
    if kind == "atom":
        return (
            f'{declaration}<feed xmlns="http://www.w3.org/2005/Atom" xml:lang="{language}"><title>Feed {feed}</title><link href="{base}/"/>'
            f'<link rel="self" href="{base}/f/{feed}.xml"/><id>{base}/</id><updated>{built.isoformat()}</updated>@</feed>\n'
        )
    return (
        f'{declaration}<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#" xmlns="http://purl.org/rss/1.0/" '
        f'xmlns:dc="http://purl.org/dc/elements/1.1/"><channel rdf:about="{base}/"><title>Feed {feed}</title><link>{base}/</link>'
        f"<description>News</description></channel>@</rdf:RDF>\n"
    )


def _item(kind: str, language: str, feed: int, number: int, base: str) -> str:
    chance = random.Random(f"{feed}:{number}")
    title, author = escape(_title(chance, language, feed, number)), words(chance, "en", 2)
    link = escape(f"{base}/article/{feed}/{number}?ref=rss&utm_medium=feed")
    when = EPOCH + timedelta(minutes=37 * number + feed % 1440)
    html = _html(chance, language, feed, number)
    body = f"<![CDATA[{html}]]>" if feed % 3 else escape(html, quote=False)
    tags = list(_tags(chance, language))
    if kind == "rss":
        categories = "".join(f"<category><![CDATA[{tag}]]></category>" for tag in tags)
        return (
            f"<item>\n<title>{title}</title>\n<link>{link}</link>\n<dc:creator><![CDATA[{author}]]></dc:creator>\n"
            f"<pubDate>{format_datetime(when)}</pubDate>\n{categories}\n"
            f'<guid isPermaLink="false">tag:feed{feed}.example,2026:{number}</guid>\n<description>{body}</description>\n'
            f'<media:thumbnail url="{base}/thumb/{feed}.jpg" width="90" height="60"/>\n</item>\n'
        )
    if kind == "atom":
        categories = "".join(f'<category term="{tag}"/>' for tag in tags)
        return (
            f'<entry>\n<title type="html">{title}</title>\n<link rel="alternate" type="text/html" href="{link}"/>\n'
            f"<id>tag:feed{feed}.example,2026:{number}</id>\n<published>{when.isoformat()}</published>\n<updated>{when.isoformat()}</updated>\n"
            f'<author><name>{author}</name></author>\n{categories}\n<content type="html">{body}</content>\n</entry>\n'
        )
    return (
        f'<item rdf:about="{link}">\n<title>{title}</title>\n<link>{link}</link>\n<dc:date>{when.isoformat()}</dc:date>\n'
        f"<dc:creator>{author}</dc:creator>\n<description>{body}</description>\n</item>\n"
    )


def _tags(chance: random.Random, language: str) -> Iterator[str]:
    for _ in range(2):
        yield words(chance, language, 1)

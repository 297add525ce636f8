"""Suites of other readers, walked case by case: what they expect against what we read."""

from tests.sources.suites.feedparser_cases import feedparser
from tests.sources.suites.listparser_cases import listparser
from tests.sources.suites.miniflux_cases import miniflux
from tests.sources.suites.reader_cases import reader
from tests.sources.suites.scoring import CORPORA, FEEDS, NOW, SUITES, Score, lines

__all__ = ["CORPORA", "FEEDS", "NOW", "SUITES", "Score", "feedparser", "lines", "listparser", "miniflux", "reader"]

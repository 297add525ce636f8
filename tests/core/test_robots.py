from datetime import UTC, datetime, timedelta

import pytest

from aggregator.core.revisits import STEPS, next_look_at
from aggregator.core.robots import allowed, robots_url

HOST = "https://paper.example"
CASES = [
    ("", "/story", True),
    ("User-agent: *\nDisallow: /", "/story", False),
    ("User-agent: *\nDisallow: /", "/robots.txt", True),
    ("User-agent: *\nDisallow:", "/story", True),
    ("User-agent: *\nDisallow: /news\nAllow: /news/world", "/news/world/1", True),
    ("User-agent: *\nDisallow: /news\nAllow: /news/world", "/news/1", False),
    ("User-agent: *\nDisallow: /page\nAllow: /page", "/page", True),
    ("User-agent: *\nDisallow: /\n\nUser-agent: aggregator\nAllow: /", "/story", True),
    ("User-agent: Aggregator/2.0\nDisallow: /a\nUser-agent: other\nDisallow: /b", "/a", False),
    ("User-agent: one\nUser-agent: aggregator\nDisallow: /a", "/a", False),
    ("User-agent: aggregator\nDisallow: /a\n\nUser-agent: aggregator\nDisallow: /b", "/b", False),
    ("User-agent: aggregator-other\nDisallow: /", "/a", True),
    ("User-agent: *\nDisallow: /*.php$", "/x.php", False),
    ("User-agent: *\nDisallow: /*.php$", "/x.php?a=1", True),
    ("User-agent: *\nDisallow: /a*b*c", "/axxbyyc", False),
    ("User-agent: *\nDisallow: /%E3%83%84", "/ツ", False),
    ("User-agent: *\nDisallow: /ツ", "/%e3%83%84", False),
    ("# comment\nUser-agent: * # all\nCrawl-delay: 9\nDisallow: /a # here", "/a", False),
    ("Disallow: /a", "/a", True),
    ("<html>not found</html>", "/a", True),
]


@pytest.mark.parametrize(("robots", "path", "may"), CASES)
def test_rules_are_read_as_the_standard_says(robots: str, path: str, may: bool) -> None:
    assert allowed(robots, "aggregator", HOST + path) is may


def test_hostile_rule_costs_little() -> None:
    assert allowed("User-agent: *\nDisallow: /" + "*a" * 900 + "$", "aggregator", f"{HOST}/{'a' * 2000}b")


def test_file_stands_at_the_root_of_its_host() -> None:
    assert robots_url("https://paper.example:8443/a/b?c=d") == "https://paper.example:8443/robots.txt"


def test_looks_thin_out_and_end() -> None:
    seen = datetime(2024, 7, 10, tzinfo=UTC)
    looked, looks = seen, []
    while due := next_look_at(seen, looked):
        looks.append(due - seen)
        looked = due
    assert tuple(looks) == STEPS
    assert next_look_at(seen, seen + timedelta(hours=5)) == seen + timedelta(hours=6)

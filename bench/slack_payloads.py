"""Render 10,000 random hostile digests for Slack, and hold each payload against slack_sdk's models and the documented limits."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.channels.samples import crowded, filled
from tests.channels.test_slack import check_lifeless, check_limits, payload

EXAMPLES = int(sys.argv[1]) if len(sys.argv) > 1 else 10_000
TEXTS = st.one_of(
    st.text(st.characters(), max_size=400),
    st.sampled_from(["<!channel>", "<@U123>", "<https://evil|bank>", "@here", "*_~`>&", "가" * 5_000, "\U0001f468\u200d\U0001f469" * 900]),
    st.text(st.sampled_from("<>!@#|&*_~`> channelhereU1\n\u2060\u200d가각👩"), max_size=300),
)


@settings(max_examples=EXAMPLES, deadline=None, database=None, suppress_health_check=list(HealthCheck))
@given(TEXTS, TEXTS, st.sampled_from(["digest", "alert"]), st.integers(0, 60))
def check(text: str, url: str, kind: str, stories: int) -> None:
    """Render one digest, which slack_sdk validates on the way, and check what comes out."""
    digests = [filled(text, url, kind=kind)] + ([crowded(stories, long=stories % 2 == 0)] if stories % 10 == 0 else [])
    for digest in digests:
        read = payload(digest)
        check_limits(read)
        check_lifeless(read)


if __name__ == "__main__":
    check()
    print(f"{EXAMPLES} digests: every payload within the limits, no mention and no disguised link in any")

"""One form with another name in it is another event, and no copy."""

from itertools import pairwise

import pytest

from aggregator.grouping import place_all
from aggregator.models import Role
from tests.stories.clustering import read
from tests.stories.gold import rows

FORMS = sorted({row["form"] for row in rows("forms")})


@pytest.mark.parametrize("form", FORMS)
def test_one_form_with_other_names_tells_other_events(monkeypatch: pytest.MonkeyPatch, form: str) -> None:
    monkeypatch.setenv("AGGREGATOR_SEMANTIC", "off")
    said = [row for row in rows("forms") if row["form"] == form]
    desk = place_all(read(said))
    for one, other in pairwise(range(len(said))):
        same = said[one]["event"] == said[other]["event"]
        assert (desk.stands[one] == desk.stands[other]) is same, [said[one]["title"], said[other]["title"]]
        assert same or desk.tellings[other].role is not Role.COPY

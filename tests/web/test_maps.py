"""The map shows known places where they lie, and holds nothing but shapes and words."""

from itertools import pairwise

from lxml import etree

from aggregator.enrich.gazetteer import located
from aggregator.web.maps import FRAMES, Spot, _land, drawn, spots_of

SVG = "{http://www.w3.org/2000/svg}"


def circles(picture: bytes) -> dict[str, tuple[float, float, float]]:
    """Give x, y and radius of each place by its words."""
    found = etree.fromstring(picture).iter(f"{SVG}circle")
    return {
        str(one.findtext(f"{SVG}title")): (float(one.get("cx", "0")), float(one.get("cy", "0")), float(one.get("r", "0"))) for one in found
    }


def test_places_stand_where_they_lie() -> None:
    spots = spots_of({"place/dandong": 9, "place/vladivostok": 4, "place/qatar": 1, "place/nowhere": 5}, located())
    near = circles(drawn(FRAMES["korea"], "Places", spots))
    assert set(near) == {"Dandong: 9", "Vladivostok: 4"}
    assert near["Dandong: 9"][0] < near["Vladivostok: 4"][0]
    assert near["Dandong: 9"][1] > near["Vladivostok: 4"][1]
    assert near["Dandong: 9"][2] > near["Vladivostok: 4"][2]
    assert len(circles(drawn(FRAMES["world"], "Places", spots))) == 3


def test_a_name_is_text_and_nothing_leaves_the_picture() -> None:
    picture = drawn(FRAMES["world"], "<b>", [Spot('<script>"', 1, 0.0, 179.9)])
    elements = {etree.QName(one).localname for one in etree.fromstring(picture).iter()}
    assert elements <= {"svg", "title", "style", "path", "circle", "text"}
    assert b"http" not in picture.replace(b'xmlns="http://www.w3.org/2000/svg"', b"")
    assert len(drawn(FRAMES["world"], "Places", ())) < 80_000


def test_no_line_crosses_the_map_at_the_date_line() -> None:
    lines = [[step.split()[0] for step in line.split("L")] for line in _land(FRAMES["world"]).split("M")[1:]]
    assert max(abs(int(one) - int(other)) for line in lines for one, other in pairwise(line)) < 300

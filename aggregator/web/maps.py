"""Maps: where stories take place, as SVG made on the server: the world, and the land around Korea.

Coasts and borders are those of Natural Earth, 1:110 million, public domain (naturalearthdata.com), to a tenth of a degree, in `coast.txt`:
a line each, a first point and then steps, in tenths of a degree. The projection is equirectangular, narrowed as at the middle latitude.
The picture is for the eye only: its page lists the same places.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from xml.sax.saxutils import escape

Point = tuple[float, float]
_WIDTH = 680
_LABELS = 10
_STYLE = (
    ".land{fill:none;stroke:#8a94a0;stroke-width:.7;stroke-linejoin:round}"
    ".place{fill:#2f6f9f;fill-opacity:.55;stroke:#2f6f9f}"
    "text{font:13px system-ui,sans-serif;fill:#1d2430}"
    "@media(prefers-color-scheme:dark){text{fill:#e7e4dc}.place{fill:#8bbfe6;stroke:#8bbfe6}}"
)


@dataclass(frozen=True, slots=True)
class Frame:
    """Hold what part of the world a map shows, in degrees."""

    west: float
    east: float
    south: float
    north: float

    @property
    def scale(self) -> float:
        """Give the pixels of a degree of longitude."""
        return _WIDTH / (self.east - self.west)

    @property
    def stretch(self) -> float:
        """Give the pixels of a degree of latitude."""
        return self.scale / math.cos(math.radians((self.north + self.south) / 2))

    @property
    def height(self) -> int:
        """Give the height of the picture in pixels."""
        return round((self.north - self.south) * self.stretch)

    def at(self, longitude: float, latitude: float) -> Point:
        """Give the place of a point in the picture."""
        return (longitude - self.west) * self.scale, (self.north - latitude) * self.stretch

    def holds(self, longitude: float, latitude: float) -> bool:
        """Tell whether a point is shown."""
        return self.west <= longitude <= self.east and self.south <= latitude <= self.north


FRAMES = {"world": Frame(-130, 180, -40, 72), "korea": Frame(105, 150, 28, 56)}


@dataclass(frozen=True, slots=True)
class Spot:
    """Hold a place with the number of its stories."""

    name: str
    count: int
    latitude: float
    longitude: float


def drawn(frame: Frame, title: str, spots: Sequence[Spot]) -> bytes:
    """Draw places as circles whose areas tell how many stories name them; the commonest have their names beside them."""
    most = max((spot.count for spot in spots), default=1)
    shown = sorted((spot for spot in spots if frame.holds(spot.longitude, spot.latitude)), key=lambda spot: -spot.count)
    circles = "".join(_circle(frame, spot, most) for spot in shown)
    names = "".join(_names(frame, shown, most))
    head = f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_WIDTH} {frame.height}" width="{_WIDTH}" height="{frame.height}">'
    land = f'<path class="land" d="{_land(frame)}"/>'
    return f"{head}<title>{escape(title)}</title><style>{_STYLE}</style>{land}{circles}{names}</svg>".encode()


def spots_of(counts: Mapping[str, int], located: Mapping[str, tuple[str, float, float]]) -> list[Spot]:
    """Give the places that are known to lie somewhere; `located` has name, latitude and longitude by concept."""
    return [Spot(located[concept][0], count, *located[concept][1:]) for concept, count in counts.items() if concept in located]


def _radius(count: int, most: int) -> float:
    return 3 + 15 * math.sqrt(count / most)


def _circle(frame: Frame, spot: Spot, most: int) -> str:
    x, y = frame.at(spot.longitude, spot.latitude)
    words = escape(f"{spot.name}: {spot.count}")
    return f'<circle class="place" cx="{x:.1f}" cy="{y:.1f}" r="{_radius(spot.count, most):.1f}"><title>{words}</title></circle>'


def _names(frame: Frame, shown: Sequence[Spot], most: int) -> list[str]:
    """Write the names of the commonest places where none stands yet."""
    taken: list[tuple[float, float, float]] = []
    written: list[str] = []
    for spot in shown:
        x, y = frame.at(spot.longitude, spot.latitude)
        words, left = f"{spot.name} {spot.count}", x + _radius(spot.count, most) + 3
        width = 7.2 * len(words)
        if left + width > _WIDTH:
            left = x - _radius(spot.count, most) - 3 - width
        free = all(abs(y - other) > 14 or left + width < start or left > end for start, end, other in taken)
        if free and len(written) < _LABELS:
            taken.append((left, left + width, y))
            written.append(f'<text x="{left:.1f}" y="{y + 4:.1f}">{escape(words)}</text>')
    return written


@cache
def _land(frame: Frame) -> str:
    return "".join(_path(frame, line) for line in _coast() if any(_near(frame, point) for point in line))


def _path(frame: Frame, line: Sequence[Point]) -> str:
    points = (frame.at(*point) for point in line)
    return "M" + "L".join(f"{x:.0f} {y:.0f}" for x, y in points)


def _near(frame: Frame, point: Point) -> bool:
    return frame.west - 5 <= point[0] <= frame.east + 5 and frame.south - 5 <= point[1] <= frame.north + 5


@cache
def _coast() -> Sequence[Sequence[Point]]:
    text = files("aggregator.web").joinpath("coast.txt").read_text(encoding="ascii")
    return [line for row in text.splitlines() for line in _lines(row.split())]


def _lines(steps: Sequence[str]) -> Sequence[Sequence[Point]]:
    """Read a row; where it steps over the date line, it goes on as another line."""
    longitude = latitude = 0
    lines: list[list[Point]] = [[]]
    for number, step in enumerate(steps):
        across, _, up = step.partition(",")
        longitude, latitude = longitude + int(across), latitude + int(up)
        if number and abs(int(across)) > 1_800:
            lines.append([])
        lines[-1].append((longitude / 10, latitude / 10))
    return lines

"""Print how many expectations of other readers' suites hold, a row a suite: ``python bench/readings.py [-v]``.

The suites lie beside the project, where they lie at all; ``-v`` prints every expectation that does not hold.
"""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

from tests.sources import suites


def main(verbose: bool) -> None:
    """Walk the suites."""
    print(
        "| suite | cases that hold | checks that hold | checks of fields we have not | cases without a known field |\n|---|---|---|---|---|"
    )
    for walk in (suites.feedparser, suites.miniflux, suites.reader, suites.listparser):
        score = walk()
        print(score.row(), flush=True)
        if verbose:
            print("\n".join(score.misses))


if __name__ == "__main__":
    main("-v" in sys.argv)

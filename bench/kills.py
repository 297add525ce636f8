"""Kill two workers at 300 random steps of the ledger with SIGKILL, start them again, and count what was lost or repeated.

Prints kills, the messages that came again under the key they had (the documented ambiguity), and faults, of which there must be none.
"""

import argparse
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

from tests.deliver.killing import main

if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("kills", type=int, nargs="?", default=300, help="how often a worker is killed at least (300)")
    parser.add_argument("seed", type=int, nargs="?", default=1, help="chooses the steps (1)")
    given = parser.parse_args()
    main([str(given.kills), str(given.seed)])

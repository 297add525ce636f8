"""Kill two workers at 300 random steps of the ledger with SIGKILL, start them again, and count what was lost or repeated.

Prints kills, the messages that came again under the key they had (the documented ambiguity), and faults, of which there must be none.
"""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

from tests.deliver.killing import main

if __name__ == "__main__":
    main(sys.argv[1:] or ["300"])

"""Watch news on North Korean labour abroad and sanctions: nothing missed, nothing repeated, everything explained."""

import gc

# Loading the program makes some hundred thousand objects that stay; looking for cycles among them after every seven hundred, which is
# the interpreter's habit, takes a fifth of a start.
gc.set_threshold(50_000)

__version__ = "0.1.0"

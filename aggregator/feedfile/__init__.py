"""Read feeds.yaml into a `Configuration`, or say everything that is wrong with it.

The way of a file: `document` turns text into plain data with places, `entries` (pydantic models) checks each entry for
itself, `agreement` checks entries against each other, `loading` turns them into the records of the house. `explain` puts
pydantic's findings into words, `findings` collects them, `schema` derives the JSON Schema for editors from the same models.
"""

from aggregator.feedfile.loading import CHANNELS, KINDS, load_configuration

__all__ = ["CHANNELS", "KINDS", "load_configuration"]

"""Derive the JSON Schema for editors from the models that check the file.

``python -m aggregator.feedfile.schema`` writes ``aggregator/feeds.schema.json`` anew; a test fails while it is out of date.
The schema knows forms and words; what entries must agree on is checked when the file is loaded.
"""

import json
from pathlib import Path

from aggregator.feedfile.entries import FeedFile

SCHEMA_PATH = Path(__file__).parents[1] / "feeds.schema.json"


def editor_schema() -> str:
    """Give the schema as JSON text, the same on every run."""
    schema = {"$schema": "https://json-schema.org/draft/2020-12/schema", **FeedFile.model_json_schema()}
    return json.dumps(schema, indent=2, ensure_ascii=False) + "\n"


if __name__ == "__main__":
    SCHEMA_PATH.write_text(editor_schema(), encoding="utf-8")

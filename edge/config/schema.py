"""The configuration's JSON Schema, for editors and for whoever generates the file."""

import msgspec

from edge.config.model import File


def json_schema() -> dict[str, object]:
    """The schema (JSON Schema 2020-12) of the whole file as a JSON-compatible dict."""
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "stalwart-edge",
        **msgspec.json.schema(File),
    }

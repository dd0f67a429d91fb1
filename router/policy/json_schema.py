"""The policy's JSON Schema, for editors.

In: the schema of `schema.py`. Out: JSON Schema, on stdout:
`python -m router.policy.json_schema > policies/policy.schema.json`. Never: what takes two places of
a document; that is `task-router check`.
"""

import json
import sys
from typing import Final

from router.policy.schema import PolicyFile

_DIALECT: Final = "https://json-schema.org/draft/2020-12/schema"


def schema_text() -> str:
    """Return the JSON Schema as it stands in `policies/policy.schema.json`."""
    schema = {"$schema": _DIALECT} | PolicyFile.model_json_schema()
    return json.dumps(schema, indent=2, ensure_ascii=False) + "\n"


if __name__ == "__main__":
    sys.stdout.write(schema_text())

"""Small JSON files, written atomically."""

import json
from pathlib import Path

from ..files.digests import Json
from ..files.whole import whole_file


def write_whole(path: Path, value: Json) -> None:
    """Write a value as JSON; the file appears only when it is complete."""
    with whole_file(path) as part:
        part.write_text(json.dumps(value), encoding="utf-8")

"""Small JSON files that are whole or not there."""

import json
from pathlib import Path

from ..files.digests import Json
from ..files.whole import whole_file


def write_whole(path: Path, value: Json) -> None:
    """Write JSON that appears only when it is whole."""
    with whole_file(path) as part:
        part.write_text(json.dumps(value), encoding="utf-8")

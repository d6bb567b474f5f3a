"""Small JSON files that are whole or not there."""

import json
import os
from pathlib import Path

from ..segments.keys import Json


def write_whole(path: Path, value: Json) -> None:
    """Write JSON that appears only when it is whole."""
    partial = path.with_name(f".{path.name}.partial")
    partial.write_text(json.dumps(value), encoding="utf-8")
    os.replace(partial, path)

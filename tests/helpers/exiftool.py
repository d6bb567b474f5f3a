"""What exiftool, which knows nothing of this pack, finds in a file."""

import json
import shutil
import subprocess
from pathlib import Path

import pytest

VOCABULARY = "http://cv.iptc.org/newscodes/digitalsourcetype/"


def exiftool(path: Path) -> dict[str, str]:
    """Every tag by its group and name, such as "XMP:DigitalSourceType"; without exiftool it skips."""
    if shutil.which("exiftool") is None:
        pytest.skip("no exiftool here: install Debian's libimage-exiftool-perl")
    # -n: values as they are written.
    found = subprocess.run(
        ["exiftool", "-json", "-n", "-G", path], capture_output=True, check=True, text=True
    )
    return json.loads(found.stdout)[0]


def sources(path: Path) -> dict[str, str]:
    """The digital source types that exiftool finds, by their group."""
    return {
        name.split(":")[0]: str(value).removeprefix(VOCABULARY)
        for name, value in exiftool(path).items()
        if name.endswith(":DigitalSourceType")
    }

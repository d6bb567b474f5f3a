"""Show the shipped demo's film in README: its two pictures, and the binding that the command prints.

`PYTHONPATH=. python tools/make_demo_pictures.py`. `make demo-pictures` does it and everything else that shows
the demo's model.
"""

import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).parents[1]
PICTURES = ("localization.png", "mouths.png")
PRINTED = re.compile(r"own voice (\S+) .*other voice (\S+) .*difference \S+ \((\S+) to ([^)\s]+)\)")
QUOTED = re.compile(
    r"(correlation\s+)\S+(\s+with\s+its\s+own,\s+)\S+(\s+with\s+the\s+other\s+\(95 %\s+interval\s+of\s+the\s+"
    r"difference\s+)\S+(\s+to\s+)[^)]+(\))"
)


def demo_film(folder: Path) -> list[str]:
    """Make the demo's film; own, other, and the interval of the difference, as README prints numbers."""
    command = [sys.executable, "-m", "multitalk_core", "demo", "--folder", str(folder)]
    printed = subprocess.run(command, cwd=ROOT, check=True, stdout=subprocess.PIPE, text=True).stdout
    print(printed)
    found = PRINTED.search(" ".join(printed.split()))
    if found is None:
        raise SystemExit("The demo printed no binding score.")
    return [number.replace("-", "\N{MINUS SIGN}") for number in found.groups()]


def quoted(readme: str, numbers: list[str]) -> str:
    """README with other numbers in its sentence on the binding."""
    words = iter(numbers)
    changed, count = QUOTED.subn(
        lambda found: "".join(part + next(words, "") for part in found.groups()), readme
    )
    if count != 1:
        raise SystemExit("README's sentence on the demo's binding was not found.")
    return changed


def main() -> None:
    """Make the film, and put its pictures and numbers into README."""
    with tempfile.TemporaryDirectory() as folder:
        numbers = demo_film(Path(folder))
        for name in PICTURES:
            shutil.copyfile(Path(folder) / name, ROOT / "docs" / name)
    readme = ROOT / "README.md"
    readme.write_text(quoted(readme.read_text(encoding="utf-8"), numbers), encoding="utf-8")


if __name__ == "__main__":
    main()

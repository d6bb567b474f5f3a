"""Plan a million minutes of film a day, and simulate where the plant breaks first: docs/scale.md.

    python tools/scale.py                         prints the tables
    python tools/scale.py --write                 puts them and the plot into docs/
    python tools/scale.py --measure PHOTOGRAPH    measures what a CPU can measure, for tools/scale/inputs.py

The same seed gives the same days. The work lies in the folder of the same name.
"""

import sys
from pathlib import Path

ROOT = Path(__file__).parents[1]

if __name__ == "__main__":
    sys.path.insert(0, str(ROOT))
    sys.modules.pop("tools", None)
    from tools.scale.command import main

    main()

"""The command: prints the tables, or writes docs/scale.md and its plot."""

import argparse
from pathlib import Path

from . import scale_page


def main() -> None:
    """Read the options and run."""
    parser = argparse.ArgumentParser(description="A million minutes of film a day, on paper.")
    parser.add_argument("--write", action="store_true", help="put tables and plot into docs/")
    parser.add_argument("--measure", type=Path, metavar="PHOTOGRAPH", help="measure what a CPU can measure")
    options = parser.parse_args()
    if options.measure:
        from .measuring import measured

        for name, value in measured(options.measure).items():
            print(f"{value:14,.6g}  {name}")
        return
    blocks = scale_page.computed() | scale_page.simulated()
    if options.write:
        from .scale_plot import write_plot

        page = scale_page.PAGE
        page.write_text(scale_page.written(page.read_text(), blocks))
        write_plot(scale_page.PLOT)
    else:
        print("\n\n".join(blocks.values()))

"""The plots of docs/results.md."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any


def draw_schemes(differences: Mapping[str, Mapping[str, Sequence[float]]], path: Path) -> None:
    """Plot own − other for every scheme, with intervals.

    Parameters
    ----------
    differences : mapping of way to mapping of scheme to (value, low, high)
    path : Path
    """
    import matplotlib.pyplot as plt

    figure, axes = plt.subplots(figsize=(8, 3), layout="constrained")
    for offset, (way, by_scheme) in enumerate(differences.items()):
        values = by_scheme.values()
        places = [index + 0.4 * (offset - 0.5) for index in range(len(values))]
        spread = [
            [value - low for value, low, _ in values],
            [high - value for value, _, high in values],
        ]
        axes.bar(places, [value for value, _, _ in values], 0.38, yerr=spread, capsize=2, label=way)
        axes.set_xticks(range(len(values)), [*by_scheme])
    axes.axhline(0, color="black", linewidth=0.8)
    axes.set_ylabel("own − other")
    axes.legend(frameon=False)
    figure.savefig(path, dpi=110)
    plt.close(figure)


def draw_localization(localization: dict[str, Any], path: Path) -> None:
    """Plot the share of face tokens assigned to the right person, over blocks and noise levels."""
    import matplotlib.pyplot as plt

    figure, axes = plt.subplots(figsize=(8, 2.4), layout="constrained")
    drawn = axes.imshow(localization["shares"], vmin=0, vmax=1, aspect="auto", cmap="viridis")
    levels = localization["levels"]
    axes.set_xticks(range(len(levels)), [f"{level:.2f}" for level in levels])
    axes.set_yticks(range(len(localization["shares"])))
    axes.set_xlabel("noise level")
    axes.set_ylabel("block")
    figure.colorbar(drawn, label="right person")
    figure.savefig(path, dpi=110)
    plt.close(figure)

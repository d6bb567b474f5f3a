"""Training stages of the demo, in the paper's order, and the variants for the ablations."""

from dataclasses import dataclass, replace
from typing import Any

from ..method.labels import LabelRanges, spread_ranges
from ..training.recipe import BASE, FULL, Recipe

# With a frozen base and few steps, the rate is far above the paper's 2e-5.
FIRST = Recipe(steps=2500, batch=16, learning_rate=1e-3, final_rate=0.05, shift=3.0, trained=BASE)
SECOND = Recipe(steps=1000, batch=16, learning_rate=1e-3, final_rate=0.05, shift=3.0, without_audio=0.2)


@dataclass(frozen=True)
class Stage:
    """One training run.

    Attributes
    ----------
    recipe : Recipe
    clips : str
        Folder of the clips with voices.
    after : tuple of str
        Stages whose weights it starts from, in order.
    events : bool
        Whether to mix in the clips without voices, for the I2V task.
    """

    recipe: Recipe
    clips: str
    after: tuple[str, ...] = ()
    events: bool = True


def second_stage(**changes: Any) -> Stage:
    """The stage with two people, after the one with one person; `changes` to the recipe by name."""
    return Stage(replace(SECOND, **changes), "two", ("base", "one"))


UNTURNED = LabelRanges(persons=((2.0, 2.0), (22.0, 22.0)), background=12.0, audio=(2.0, 22.0))
PLAIN: dict[str, Any] = {"without_audio": 0.0}

STAGES = {
    "base": Stage(replace(FIRST, without_audio=0.7), "two"),
    "one": Stage(SECOND, "one", ("base",)),
    "two": second_stage(),
    "finer": Stage(
        replace(FIRST, steps=6000, batch=8, learning_rate=6e-4, without_audio=0.5),
        "large",
        ("base", "one", "two"),
    ),
    "large": Stage(
        replace(SECOND, steps=2000, batch=8, learning_rate=5e-4), "large", ("base", "one", "two", "finer")
    ),
}
SEEDED = {"two": "l-rope", "routed": "routed"}  # what README recommends: their schemes by stage
SEEDS = (1, 2)  # besides 0

ABLATIONS = {
    "concat": second_stage(scheme="concat"),
    "add": second_stage(scheme="add"),
    "split": replace(second_stage(scheme="split"), clips="ordered"),
    "routed": second_stage(scheme="routed"),
    "routed-unturned": second_stage(scheme="routed", ranges=UNTURNED),
    "narrow": second_stage(ranges=spread_ranges(2, label_range=2, label_distance=2)),
    "full": replace(second_stage(trained=FULL), after=("base", "one")),
    "one-plain": Stage(replace(SECOND, **PLAIN), "one", ("base",), events=False),
    "plain": Stage(replace(SECOND, **PLAIN), "two", ("base", "one-plain"), events=False),
    "full-plain": Stage(replace(SECOND, trained=FULL, **PLAIN), "two", ("base", "one-plain"), events=False),
    **{
        f"{name}-seed-{seed}": second_stage(scheme=scheme, seed=seed)
        for name, scheme in SEEDED.items()
        for seed in SEEDS
    },
}

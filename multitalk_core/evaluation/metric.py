"""The metrics: what each needs, and what it is called in a table."""

from collections.abc import Iterable

from ..guards.words import Word


class Metric(Word):
    """What `evaluate` computes."""

    FID = "fid"
    FVD = "fvd"
    SYNC = "sync"
    EFID = "efid"
    BINDING = "binding"
    INTERACTION = "interaction"


COMPARED = frozenset({Metric.FID, Metric.FVD, Metric.EFID})  # with references
VOICED = frozenset({Metric.SYNC, Metric.BINDING, Metric.INTERACTION})
OF_PERSONS = VOICED | {Metric.EFID}
ORDER = tuple(Metric)


def in_order(metrics: Iterable[Metric]) -> list[Metric]:
    """Metrics in the order of the table."""
    return sorted(metrics, key=ORDER.index)

"""The networks of the measures, as far as their weights are there."""

from collections.abc import Set
from dataclasses import dataclass, field, replace

from ..measures.expression import ExpressionNet
from ..measures.face_finder import FaceFinder
from ..measures.fid import Fid
from ..measures.fvd import Fvd
from ..measures.syncnet import SyncNet
from .metric import Metric


@dataclass(frozen=True, eq=False)
class MeasureNetworks:
    """One network a metric; None where it is not asked for or its weights are missing.

    Attributes
    ----------
    fid : Fid
    fvd : Fvd
    sync : SyncNet
    efid : ExpressionNet
    faces : FaceFinder
        For sync, which can do without.
    lacking : dict of Metric to str
        A sentence for each metric whose weights are missing.
    """

    fid: Fid | None = None
    fvd: Fvd | None = None
    sync: SyncNet | None = None
    efid: ExpressionNet | None = None
    faces: FaceFinder | None = None
    lacking: dict[Metric, str] = field(default_factory=dict)

    def chosen(self, metrics: Set[Metric]) -> "MeasureNetworks":
        """Only the networks that some metrics need."""
        others = {str(metric): None for metric in NEEDED if metric not in metrics}
        lacking = {metric: said for metric, said in self.lacking.items() if metric in metrics}
        return replace(self, **others, lacking=lacking)
NEEDED = (Metric.FID, Metric.FVD, Metric.SYNC, Metric.EFID)

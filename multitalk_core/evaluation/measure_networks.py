"""The networks of the measures, as far as their weights are there."""

from collections.abc import Mapping, Set
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import torch

from ..errors import MultiTalkError
from ..measures.expression import ExpressionNet
from ..measures.face_finder import FaceFinder
from ..measures.fid import Fid
from ..measures.fvd import Fvd
from ..measures.syncnet import SyncNet
from ..measures.weight_files import read_measure_weights
from .metric import Metric

WEIGHTS = {Metric.FID: "inception", Metric.FVD: "i3d", Metric.SYNC: "syncnet", Metric.EFID: "deep3d"}
FINDER = "s3fd"  # sync can do without it


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
        The references' face detector, which sync can do without.
    lacking : dict of Metric to str
        For each metric whose weights are missing or cannot be used, a sentence that says so.
    notes : tuple of str
        What else to know about the weights, a sentence each.
    """

    fid: Fid | None = None
    fvd: Fvd | None = None
    sync: SyncNet | None = None
    efid: ExpressionNet | None = None
    faces: FaceFinder | None = None
    lacking: Mapping[Metric, str] = field(
        default_factory=lambda: {metric: f"{metric} needs weights: name their folder." for metric in WEIGHTS}
    )
    notes: tuple[str, ...] = ()

    @classmethod
    def load(cls, folder: Path | None, metrics: Set[Metric]) -> "MeasureNetworks":
        """Load the networks of some metrics from a folder of safetensors, onto the GPU if there is one.

        A file that is missing or cannot be used leaves out its metric alone.
        """
        asked = [metric for metric in WEIGHTS if metric in metrics]
        if folder is None:
            return cls(
                lacking={
                    metric: f"{metric} needs weights: name their folder with --weights." for metric in asked
                }
            )
        networks: dict[str, Any] = {}
        lacking: dict[Metric, str] = {}
        device = "cuda" if torch.cuda.is_available() else "cpu"
        for metric in asked:
            try:
                weights = read_measure_weights(folder, WEIGHTS[metric])
            except MultiTalkError as error:
                lacking[metric] = str(error)
            else:
                networks[metric] = BUILT[metric](weights, device=device)
        notes: list[str] = []
        if "sync" in networks:
            try:
                networks["faces"] = FaceFinder(read_measure_weights(folder, FINDER), device=device)
            except MultiTalkError as error:
                notes.append(f"sync crops faces by this pack's own detector, not by S3FD. {error}")
        return cls(**networks, lacking=lacking, notes=tuple(notes))

    def chosen(self, metrics: Set[Metric]) -> "MeasureNetworks":
        """Only what some metrics need."""
        others = {str(metric): None for metric in WEIGHTS if metric not in metrics}
        lacking = {metric: said for metric, said in self.lacking.items() if metric in metrics}
        notes = self.notes if Metric.SYNC in metrics else ()
        return replace(self, **others, lacking=lacking, notes=notes)


BUILT = {Metric.FID: Fid, Metric.FVD: Fvd, Metric.SYNC: SyncNet, Metric.EFID: ExpressionNet}

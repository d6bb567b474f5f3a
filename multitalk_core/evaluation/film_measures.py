"""What is measured of one film, before any score."""

from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from torch import Tensor

from .interaction import Interaction
from .track_sync import TrackSync


@dataclass(kw_only=True)
class FilmMeasures:
    """What is measured of a film; it grows while the film is read.

    Attributes
    ----------
    path : Path
    frames, persons : int
        At 25 frames per second; persons that are looked for.
    resampled, drawn : bool
        Whether the film has another frame rate, and whether its faces are drawn ones.
    faceless, lost : int
        Persons without a face in the first frame, and frames in which a followed face is lost, over all
        persons.
    pictures : list of Tensor [frames, 2048]
        Inception's features.
    clips : list of Tensor [1, 400]
        I3D's.
    expressions : dict of int to list of Tensor [frames, 64]
        For each half, or for all persons under 0.
    sync : list of TrackSync
    short : int
        Parts of tracks that are too short for SyncNet.
    mouths, loudness : np.ndarray [persons, frames] or None
        Of the persons who have a voice, in the frames in which all of them are seen.
    interaction : Interaction or None
    remarks : list of str
        What could not be measured, a sentence each.
    """

    path: Path
    frames: int
    persons: int
    resampled: bool
    drawn: bool
    faceless: int
    lost: int
    pictures: list[Tensor] = field(default_factory=list)
    clips: list[Tensor] = field(default_factory=list)
    expressions: dict[int, list[Tensor]] = field(default_factory=dict)
    sync: list[TrackSync] = field(default_factory=list)
    short: int = 0
    mouths: np.ndarray | None = None
    loudness: np.ndarray | None = None
    interaction: Interaction | None = None
    remarks: list[str] = field(default_factory=list)

    def mean_sync(self, part: str) -> float:
        """The mean `confidence` or `distance` over persons, each the mean over their tracks by length."""
        means = []
        for person in {track.person for track in self.sync}:
            own = [track for track in self.sync if track.person == person]
            values, windows = [getattr(track, part) for track in own], [track.windows for track in own]
            means.append(np.average(values, weights=windows))
        return float(np.mean(means))

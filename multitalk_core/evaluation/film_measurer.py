"""Measures a film: reads its frames once, and hands them to every network and to every face."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager

import numpy as np
import torch
from torch import Tensor

from ..audio.waveform import SPEECH_RATE
from ..errors import MultiTalkError
from ..media.video_file import VideoFile
from ..persons.face_detector import FaceDetector
from .envelope import loudness_envelope
from .evaluated_film import EvaluatedFilm, PersonSplit
from .face_motion import FaceMotion, FaceWatch, moving_mean
from .film_measures import FilmMeasures
from .film_piece import FilmPiece, film_pieces
from .interaction import interaction
from .measure_networks import MeasureNetworks
from .metric import OF_PERSONS, VOICED, Metric
from .person_track import PersonTrack, follow_persons
from .track_sync import SHORTEST_TRACK, track_sync
from .video_at_rate import RATE, VideoAtRate

CLIP = 16  # frames of a clip for I3D, as in cd-fvd
SAMPLES = SPEECH_RATE // RATE  # of sound to a frame
SHORTEST_BINDING = 26  # frames: two blocks of the bootstrap
OF_MOVEMENT = {Metric.BINDING, Metric.INTERACTION}
STILL = 0.01  # deviation of a mouth below which it does not move


class FilmMeasurer:
    """Measures films, one after the other, with the same networks.

    Parameters
    ----------
    metrics : set of Metric
    networks : MeasureNetworks
    split : PersonSplit
    detector : FaceDetector
    advance : callable
        Called with the number of frames that were measured.
    """

    def __init__(
        self,
        metrics: set[Metric],
        networks: MeasureNetworks,
        split: PersonSplit,
        *,
        detector: FaceDetector,
        advance: Callable[[int], None],
    ) -> None:
        self.metrics, self.networks, self.split = metrics, networks, split
        self.detector, self.advance = detector, advance

    def measure(self, film: EvaluatedFilm) -> FilmMeasures:
        """Measure a film.

        Raises
        ------
        MultiTalkError
            When its file cannot be read, or it has more voices than persons.
        """
        video = VideoAtRate(VideoFile.open(film.path))
        tracks = self._tracks(film, video)
        followed = [track for track in tracks if track is not None]
        measures = FilmMeasures(
            path=film.path,
            frames=len(video.times),
            persons=len(tracks),
            resampled=video.resampled,
            drawn=any(track.openness is not None for track in followed),
            faceless=len(tracks) - len(followed),
            lost=sum(int((~track.seen).sum()) for track in followed),
        )
        voices = _voices(film, len(tracks), video.seconds)
        watches = {
            person: FaceWatch(track)
            for person, track in enumerate(tracks)
            if track is not None and self.metrics & OF_MOVEMENT
        }
        for piece in film_pieces(video):
            self._look_at_frames(piece.pixels, measures)
            for person, track in enumerate(tracks):
                if track is not None:
                    self._look_at_face(piece, track, person=person, into=measures)
                    self._compare_lips(piece, track, person=person, voice=voices[person], into=measures)
            for watch in watches.values():
                watch.look(piece.first, piece.pixels)
        motions = {person: watch.motion() for person, watch in watches.items()}
        self._judge_movement(film, tracks, motions, voices=voices, into=measures)
        self._remark(film, measures)
        return measures

    def _tracks(self, film: EvaluatedFilm, video: VideoAtRate) -> list[PersonTrack | None]:
        if not self.metrics & OF_PERSONS:
            return []
        boxes = film.person_boxes(self.split, video.size)
        return follow_persons(video, boxes, count=film.count, detector=self.detector, picture=film.picture)

    def _look_at_frames(self, pixels: Tensor, into: FilmMeasures) -> None:
        """Give a piece [frames, height, width, 3] to Inception and I3D."""
        for start in range(0, len(pixels), CLIP):
            clip = pixels[start : start + CLIP]
            if self.networks.fid is not None:
                into.pictures.append(self.networks.fid.features(clip))
            if self.networks.fvd is not None and len(clip) == CLIP:
                into.clips.append(self.networks.fvd.features(clip[None]))
            self.advance(len(clip))

    def _look_at_face(self, piece: FilmPiece, track: PersonTrack, *, person: int, into: FilmMeasures) -> None:
        """Give a person's face in a piece to the reconstruction."""
        here = slice(piece.first, piece.stop)
        seen = track.seen[here]
        if self.networks.efid is None or not seen.any():
            return
        halves = self.split is PersonSplit.HALVES and into.persons == 2
        group = int(halves and np.nanmean(track.boxes[:, [0, 2]]) > piece.pixels.shape[2] / 2)
        points = torch.from_numpy(track.points[here][seen])
        with _noted(into, person):
            found = self.networks.efid.expressions(piece.pixels[torch.from_numpy(seen)], points)
            into.expressions.setdefault(group, []).append(found)

    def _compare_lips(
        self, piece: FilmPiece, track: PersonTrack, *, person: int, voice: np.ndarray, into: FilmMeasures
    ) -> None:
        """Give the parts of a person's track that belong to a piece to SyncNet, with their voice."""
        if self.networks.sync is None or not voice.any():
            return
        for start, stop in (part for stretch in track.stretches() for part in piece.parts(stretch)):
            if stop - start < SHORTEST_TRACK:
                into.short += 1
                continue
            with _noted(into, person):
                scored = track_sync(
                    self.networks.sync,
                    piece.between(start, stop),
                    track.boxes[start:stop],
                    sound=voice[start * SAMPLES : stop * SAMPLES],
                    person=person,
                    finder=self.networks.faces,
                )
                into.sync.append(scored)

    def _judge_movement(
        self,
        film: EvaluatedFilm,
        tracks: Sequence[PersonTrack | None],
        motions: Mapping[int, FaceMotion],
        *,
        voices: np.ndarray,
        into: FilmMeasures,
    ) -> None:
        """Mouths against voices, and how persons listen."""
        if not motions or film.timeline is None:
            return
        mouths = {person: _moving(_mouth(tracks[person], motion)) for person, motion in motions.items()}
        normalised = film.timeline.tracks(seconds=into.frames / RATE)
        loudness = np.zeros((len(tracks), into.frames), np.float32)
        for person, voice in enumerate(normalised):
            loudness[person] = loudness_envelope(voice, into.frames).numpy()
        into.interaction = interaction(mouths, motions, loudness)
        speakers = [person for person in mouths if voices[person].any()]
        if len(speakers) < 2:
            return
        both = np.stack([mouths[person] for person in speakers])
        known = ~np.isnan(both).any(axis=0)
        if known.sum() >= SHORTEST_BINDING:
            into.mouths, into.loudness = both[:, known], loudness[speakers][:, known]

    def _remark(self, film: EvaluatedFilm, into: FilmMeasures) -> None:
        """Say what of the film could not be measured."""
        name, said = film.path.name, into.remarks
        if film.timeline is None and self.metrics & VOICED:
            said.append(f"{name}: nobody's voice is known, so sync, binding and interaction are left out.")
        if self.networks.fvd is not None and not into.clips:
            said.append(f"{name} has {into.frames} frames, and a clip for FVD has {CLIP}: it does not count.")
        if into.faceless:
            said.append(f"{name}: {into.faceless} of {into.persons} persons have no face in the first frame.")
        if into.short:
            said.append(
                f"{name}: {into.short} tracks are too short for SyncNet, under {SHORTEST_TRACK} frames."
            )
        if Metric.BINDING in self.metrics and film.timeline is not None and into.mouths is None:
            said.append(f"{name}: binding needs two persons with a voice whose faces are seen together.")
        if Metric.INTERACTION in self.metrics and film.timeline is not None and into.interaction is None:
            said.append(f"{name}: nobody is seen to listen, so interaction is left out.")


@contextmanager
def _noted(into: FilmMeasures, person: int) -> Iterator[None]:
    """Go on with the rest of the film where a face cannot be measured."""
    try:
        yield
    except MultiTalkError as error:
        into.remarks.append(f"{into.path.name}, person {person + 1}: {error}")


def _voices(film: EvaluatedFilm, persons: int, seconds: float) -> np.ndarray:
    """Everyone's own voice as it is heard, [persons, samples] at 16 kHz; silence for who has none."""
    voices = np.zeros((persons, round(seconds * SPEECH_RATE)), np.float32)
    if film.timeline is not None and persons:
        tracks = film.timeline.tracks(False, seconds)
        if len(tracks) > persons:
            raise MultiTalkError(
                f"{film.path} has {len(tracks)} voices and {persons} persons: give a voice or none to each "
                "person, and a box for each."
            )
        voices[: len(tracks)] = tracks
    return voices


def _moving(mouth: np.ndarray) -> np.ndarray:
    """A mouth [frames] as it is, or 0 where it never moves: what compression changes is no movement."""
    known = mouth[~np.isnan(mouth)]
    return np.where(np.isnan(mouth), np.nan, 0.0) if len(known) and known.std() < STILL else mouth


def _mouth(track: PersonTrack | None, motion: FaceMotion) -> np.ndarray:
    """How open a drawn mouth is; how much a photographed one moves."""
    if track is not None and track.openness is not None:
        return track.openness
    return moving_mean(motion.mouth)

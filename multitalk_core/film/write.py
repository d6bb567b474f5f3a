"""A film on disk: written while it is made, and a whole file even where the film ends early."""

import os
import traceback
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, closing, nullcontext, suppress
from dataclasses import dataclass, field, replace
from pathlib import Path

import torch
from torch import Tensor

from ..errors import MultiTalkError
from ..files.outputs import free_name
from ..guards.interruption import uninterrupted
from ..guards.stopping import delayed_interrupt
from ..media.video_writer import VideoWriter
from ..method.recorder import BindingRecord
from ..origin.digital_source import DigitalSource
from ..origin.film_mark import UNSIGNED, FilmMark
from ..origin.signed_video import sign_video
from .clip_inputs import VideoModel
from .film import FinishedClip, make_film
from .film_listener import FilmListener, SilentListener
from .spec import FilmSpec
from .steadiness import Steadiness
from .store import FilmClips, note_output, open_film, output_claim
from .store.stored_film import PassedOver


@dataclass(kw_only=True)
class FilmResult:
    """A written film.

    Attributes
    ----------
    path : Path
        The video: the film, or its beginning under a name of its own where clips are missing.
    frames, clips : int
        In the video.
    sampled : int
        Sampling runs of those clips; the others were in the store.
    steadiness : Steadiness
    records : dict of clip index to BindingRecord
        Where the model located the persons, if that was recorded.
    images : Tensor [frames, height, width, 3], in 0..1, or None
        All frames in memory, if they were asked for.
    ended : BaseException or None
        What ended the film early; the host raises it.
    """

    path: Path
    frames: int = 0
    clips: int = 0
    sampled: int = 0
    steadiness: Steadiness = field(default_factory=Steadiness)
    records: dict[int, BindingRecord] = field(default_factory=dict)
    images: Tensor | None = None
    ended: BaseException | None = None

    def add(self, finished: FinishedClip) -> None:
        """Count and measure a clip that was written."""
        if self.images is not None:
            self.images[self.frames : self.frames + len(finished.frames)] = finished.frames
        if finished.record is not None:
            self.records[finished.clip.index] = finished.record
        self.steadiness.append(finished.frames, finished.reference)
        self.frames += len(finished.frames)
        self.clips += 1
        self.sampled += finished.sampled

    def is_worth_a_file(self, spec: FilmSpec) -> bool:
        """Whether its clips are a video if the film ends here: the old film has those of a failed retake."""
        return self.clips > 0 and (self.sampled > 0 or not spec.retakes)


def write_film(
    spec: FilmSpec,
    model: VideoModel,
    path: Path,
    *,
    listener: FilmListener | None = None,
    replaces: bool = True,
    in_memory: bool = False,
    mark: FilmMark = UNSIGNED,
    check_interrupted: Callable[[], None] = uninterrupted,
) -> FilmResult:
    """Make a film and write it while it grows; no more than two clips of its frames are in memory.

    Whatever ends the film early, an interruption too, is in the result, and the finished clips are a video;
    but not those of a retake that ends before its first new clip, as the old film has them.

    Parameters
    ----------
    spec : FilmSpec
    model : VideoModel
    path : Path
        Of the mp4.
    listener : FilmListener, optional
    replaces : bool
        Whether an earlier file is replaced; else the film gets a number where its name is taken meanwhile.
    in_memory : bool
        Return all frames too, without a watermark.
    mark : FilmMark
        What the film says about itself besides its digital source type, and who signs it.
    check_interrupted : callable
        Called repeatedly while the film is planned and its persons are followed; raises to stop.

    Returns
    -------
    FilmResult

    Raises
    ------
    MultiTalkError
        When the store or the file cannot be written.
    BaseException
        What ended the film, where no new clip was finished, or the file cannot be written any more.
    """
    listener = listener or SilentListener()
    (height, width), conversation = spec.size, spec.conversation
    mark = replace(mark, source=digital_source(spec))
    writer = VideoWriter(
        path,
        width,
        height,
        fps=conversation.fps,
        sound=conversation.sound,
        replaces=replaces,
        mark=mark,
    )
    result = FilmResult(path=path, images=torch.empty(spec.frames, height, width, 3) if in_memory else None)
    with _stored_clips(spec, path, listener, check_interrupted=check_interrupted) as clips:
        if clips is not None:
            listener.note(_where_stored(clips))
        film = make_film(spec, model, clips=clips, listener=listener, check_interrupted=check_interrupted)
        try:
            with writer, closing(film):
                result.ended = _append(film, writer, result, spec=spec)
                if result.frames < spec.plan.frames:
                    writer.path = _beginning(path, result.frames, spec.plan.frames)
        except BaseException as error:
            if not writer.whole and result.ended is not None:
                listener.note(str(error))  # the file fails too; what ended the film matters more
                raise result.ended from error
            if not writer.whole:
                raise
            result.ended = result.ended or error  # delayed until the file was whole
        result.path = writer.path
        _sign(result, mark, listener, check_interrupted=check_interrupted)
        if clips is not None and spec.store is not None and result.frames == spec.plan.frames:
            # Where it cannot be noted, the next run asks before it replaces the film.
            with suppress(OSError, PassedOver):
                note_output(clips.folder, output_claim(result.path, spec.store.request))
    if result.ended is not None:
        traceback.clear_frames(result.ended.__traceback__)  # they hold frames of a clip
    return result


def digital_source(spec: FilmSpec) -> DigitalSource:
    """What a film is made from: a dubbed video is changed in part, all else is generated."""
    return DigitalSource.TRAINED if spec.dubbing is None else DigitalSource.COMPOSITE


def _sign(
    result: FilmResult, mark: FilmMark, listener: FilmListener, *, check_interrupted: Callable[[], None]
) -> None:
    """Sign the finished file; what prevents that ends the film, whose file stays."""
    unsigned = result.path.stat()
    try:
        sign_video(result.path, mark, check_interrupted)
    except BaseException as error:
        replaced = not os.path.samestat(unsigned, result.path.stat())
        if not isinstance(error, MultiTalkError) and not replaced:
            listener.note(f"{result.path.name} is not signed.")
        result.ended = result.ended or error


def _append(
    film: Iterator[FinishedClip], writer: VideoWriter, result: FilmResult, *, spec: FilmSpec
) -> BaseException | None:
    """Write clip by clip, and return what ends the film early; failures of the file are raised."""
    try:
        while True:
            try:
                finished = next(film, None)
            except BaseException as error:
                if not result.is_worth_a_file(spec):
                    raise
                return error
            if finished is None:
                return None
            with delayed_interrupt():
                writer.append(finished.frames)
                result.add(finished)
            del finished  # not while the next clip is made
    except KeyboardInterrupt as interrupt:  # between two clips, or delayed until one was written
        if not result.is_worth_a_file(spec):
            raise
        return interrupt


def _stored_clips(
    spec: FilmSpec, path: Path, listener: FilmListener, *, check_interrupted: Callable[[], None]
) -> AbstractContextManager[FilmClips | None]:
    """The film's place in the store, if it has one."""
    if (store := spec.store) is None:
        return nullcontext()
    return open_film(
        store.folder,
        store.title,
        spec.description(),
        links=spec.links(check_interrupted),
        limit=store.limit,
        output=output_claim(path, store.request),
        note=listener.note,
    )


def _where_stored(clips: FilmClips) -> str:
    resumed = clips.clips_on_disk
    resumes = f"resumes after clip {resumed} of {len(clips.keys)}; " if resumed else ""
    return f"{resumes}clips are stored in {clips.folder}"


def _beginning(film: Path, frames: int, of: int) -> Path:
    """Where the finished clips of a film are written when others are missing: in place of no file."""
    return free_name(film.with_name(f"{film.stem}.unfinished-{frames}-of-{of}-frames.mp4"))

"""Dubbing a cartoon video, clip by clip: its motion stays, and outside a region every frame."""

from dataclasses import dataclass, field, replace
from fractions import Fraction

import pytest
import torch
from torch import Tensor

from helpers.drifting_scene import drifting_scene, moving_mouths
from helpers.tiny_film import OVERLAP, TinyFilm
from multitalk_core.film.dubbing import Dubbing
from multitalk_core.film.film import FinishedClip, make_film
from multitalk_core.film.seams import SeamCorrection
from multitalk_core.film.spec import Continuation
from multitalk_core.film.store.lossless import pack_frames
from multitalk_core.film.write import write_film
from multitalk_core.media.video_file import VideoFile
from multitalk_core.media.video_source import FittedVideo, VideoInMemory
from multitalk_core.toy_world.scene import Scene

NO_COLOUR = SeamCorrection(colour_strength=0.0)
pytestmark = pytest.mark.usefixtures("one_thread")


@pytest.fixture(scope="module")
def scene() -> Scene:
    return drifting_scene()


@pytest.fixture(scope="module")
def film() -> TinyFilm:
    return TinyFilm(clips=3)


@pytest.fixture(scope="module")
def video(film: TinyFilm, scene: Scene, tmp_path_factory: pytest.TempPathFactory) -> FittedVideo:
    """The toy scene on disk, without loss; a little shorter than the film's last clip."""
    path = tmp_path_factory.mktemp("video") / "video.mkv"
    frames = scene.frames(moving_mouths(film.spec.plan.frames), film.spec.size[0])
    path.write_bytes(pack_frames((frames * 255).round().to(torch.uint8)).numpy().tobytes())
    return FittedVideo(VideoFile.open(path), *film.spec.size, 25.0)


def make(
    film: TinyFilm, video: FittedVideo, dubbing: Dubbing | float | None, **options: object
) -> list[FinishedClip]:
    """The film of the video's first picture, dubbed, by a strength or otherwise, unless it is None."""
    dubbing = Dubbing(video, dubbing) if isinstance(dubbing, float) else dubbing
    spec = replace(film.spec, picture=video.frames(0, 1)[0], dubbing=dubbing, **options)
    return list(make_film(spec, film.model))


def frames_of(clips: list[FinishedClip]) -> Tensor:
    return torch.cat([clip.frames for clip in clips])


def test_hardly_denoised_a_clip_is_the_video_through_the_vae(film, video):
    """As far as the schedule goes: its last step is from 0.7 % noise."""
    clips = make(film, video, 1e-6, seams=NO_COLOUR)
    for clip in clips:
        seen = video.frames(clip.clip.start, clip.clip.frames).movedim(-1, 0)[None] * 2 - 1
        encoded = film.model.encode(seen)
        own = 0 if clip.clip.index == 0 else 1 + (OVERLAP - 1) // 4
        torch.testing.assert_close(clip.latent[:, :, own:], encoded[:, :, own:], rtol=0, atol=0.05)
    through_vae = film.model.decode(film.model.encode(video.frames(0, 9).movedim(-1, 0)[None] * 2 - 1))
    first = clips[0].frames.movedim(-1, 0)[None] * 2 - 1
    torch.testing.assert_close(first, through_vae.clamp(-1, 1), rtol=0, atol=0.05)


def test_denoised_wholly_nothing_of_the_video_is_left_but_its_first_picture(film, video):
    dubbed, alone = (make(film, video, denoise, seams=NO_COLOUR) for denoise in (1.0, None))
    assert torch.equal(frames_of(dubbed), frames_of(alone))
    assert all(torch.equal(clip.latent, other.latent) for clip, other in zip(dubbed, alone, strict=True))


def test_the_more_is_denoised_the_less_is_left(film, video):
    seen = video.frames(0, film.spec.plan.frames)
    distances = [
        (frames_of(make(film, video, denoise)) - seen).square().mean().item() for denoise in (0.01, 0.3, 0.9)
    ]
    assert distances[0] < distances[1] < distances[2]


@pytest.mark.parametrize("continuation", list(Continuation))
def test_each_clip_is_conditioned_as_its_continuation_asks(film, video, continuation, monkeypatch):
    seen, sample = [], film.model.sample
    monkeypatch.setattr(film.model, "sample", lambda inputs: seen.append(inputs) or sample(inputs))
    clips = make(film, video, 0.5, continuation=continuation)
    for before, inputs in zip(clips[:-1], seen[1:], strict=True):
        here = video.frames(inputs.clip.start, inputs.clip.frames)
        given = inputs.given[0].movedim(0, -1) / 2 + 0.5
        if continuation is Continuation.INFINITETALK:
            torch.testing.assert_close(given, here[:1])
        else:
            torch.testing.assert_close(given[-len(before.frames) :], before.frames[-OVERLAP:])
        encoded = film.model.encode(here.movedim(-1, 0)[None] * 2 - 1)
        torch.testing.assert_close(inputs.source.latent, encoded)


def test_colours_are_drawn_to_the_video_not_to_its_first_picture(film, scene, video, tmp_path):
    """A light that goes out in the video goes out in the film."""
    dimmed = torch.linspace(1, 0.3, film.spec.plan.frames)[:, None, None, None] * video.frames(
        0, film.spec.plan.frames
    )
    (tmp_path / "dim.mkv").write_bytes(pack_frames((dimmed * 255).round().to(torch.uint8)).numpy().tobytes())
    dim = FittedVideo(VideoFile.open(tmp_path / "dim.mkv"), *film.spec.size, 25.0)
    made = frames_of(make(film, dim, 0.8))
    torch.testing.assert_close(made.mean((1, 2, 3)), dimmed.mean((1, 2, 3)), rtol=0.1, atol=0.02)


@pytest.mark.parametrize("denoise", [0.5, 1.0])
def test_outside_its_region_the_film_is_the_video(film, video, denoise):
    """A mask over the left half alone, its edge soft, and over every part of it in the last frames."""
    height, width = film.spec.size
    masks = torch.zeros(film.spec.plan.frames, height, width, 1)
    masks[:, :, : width // 2] = 1.0
    masks[:, :, width // 2] = 0.5
    masks[-3:] = 1.0
    region = FittedVideo(VideoInMemory(masks, Fraction(25)), height, width, 25.0)
    clips = make(film, video, Dubbing(video, denoise, region))
    seen, made = video.frames(0, film.spec.plan.frames), frames_of(clips)
    right = slice(width // 2 + 1, None)
    assert (made[:-3, :, right] - seen[:-3, :, right]).abs().max() < 1e-6
    assert (made[-3:, :, right] - seen[-3:, :, right]).abs().max() > 0.05
    left = slice(None, width // 2)
    assert all((made[frame, :, left] - seen[frame, :, left]).abs().max() > 0.05 for frame in range(len(made)))
    everywhere = frames_of(make(film, video, denoise))
    mixed = (made[0] - seen[0])[:, width // 2].norm()
    assert 0 < mixed < 0.9 * (everywhere[0] - seen[0])[:, width // 2].norm()


def test_the_latent_outside_a_region_is_the_videos(film, video):
    height, width = film.spec.size
    masks = torch.zeros(1, height, width, 1)
    masks[:, :, : width // 2] = 1.0
    region = FittedVideo(VideoInMemory(masks, Fraction(25)), height, width, 25.0)
    for clip in make(film, video, Dubbing(video, 0.8, region), seams=NO_COLOUR):
        seen = video.frames(clip.clip.start, clip.clip.frames).movedim(-1, 0)[None] * 2 - 1
        new = slice(0 if clip.clip.index == 0 else 1 + (OVERLAP - 1) // 4, None)
        encoded = film.model.encode(seen)[:, :, new]
        there = clip.latent[:, :, new]
        half = encoded.shape[-1] // 2
        torch.testing.assert_close(there[..., half:], encoded[..., half:])
        assert (there[..., :half] - encoded[..., :half]).abs().max() > 0.1


@dataclass(frozen=True)
class Counted:
    """A video that counts how often it is read."""

    video: FittedVideo
    reads: list[tuple[int, int]] = field(default_factory=list)

    def frames(self, start: int, count: int) -> Tensor:
        """The video's."""
        self.reads.append((start, count))
        return self.video.frames(start, count)


@pytest.mark.parametrize("continuation", list(Continuation))
def test_video_and_region_are_decoded_once_a_clip(film, video, tmp_path, continuation):
    """A real file and a mask; the clips' colours are matched and measured with the same frames."""
    height, width = film.spec.size
    masks = VideoInMemory(torch.ones(film.spec.plan.frames, height, width, 1), Fraction(25))
    counted, region = Counted(video), Counted(FittedVideo(masks, height, width, 25.0))
    spec = replace(
        film.stored(tmp_path / "store", continuation=continuation),
        picture=video.frames(0, 1)[0],
        dubbing=Dubbing(counted, 0.5, region),
    )
    clips = [(clip.start, clip.frames) for clip in spec.plan.clips]
    first = write_film(spec, film.model, tmp_path / "film.mp4")
    assert counted.reads == clips and region.reads == clips
    again = write_film(spec, film.model, tmp_path / "film.mp4")
    assert len(counted.reads) == 2 * len(clips) and region.reads == clips
    torch.testing.assert_close(again.steadiness.drift, first.steadiness.drift, rtol=0, atol=1e-3)

"""Dubbing a cartoon video with the embedded models: its motion stays, its mouths change, clip by clip."""

import os
import subprocess
import sys
import time
from dataclasses import dataclass, field, replace
from fractions import Fraction
from pathlib import Path

import pytest
import torch
from torch import Tensor

from multitalk_core.cli.main import main
from multitalk_core.demo.files import EMBEDDED
from multitalk_core.evaluation.mouth_openness import find_faces, follow_faces, mouth_openness
from multitalk_core.film.dubbing import Dubbing
from multitalk_core.film.film import FinishedClip, make_film
from multitalk_core.film.seams import SeamCorrection
from multitalk_core.film.spec import Continuation
from multitalk_core.film.store.lossless import pack_frames
from multitalk_core.film.write import write_film
from multitalk_core.media.picture import resize_and_crop, write_picture
from multitalk_core.media.video_file import VideoFile
from multitalk_core.media.video_source import FittedVideo, VideoInMemory
from multitalk_core.media.video_writer import VideoWriter, read_video
from multitalk_core.toy_world.scene import Scene, random_scene
from soak.tiny_film import OVERLAP, TinyFilm

NO_COLOUR = SeamCorrection(colour_strength=0.0)
VOICES = [part for number in (1, 2) for part in ("--voice", f"{EMBEDDED}/voice_{number}.flac")]
DEMO = ["--size", "96x64", "--clip-frames", "13", "--steps", "4", "--shift", "3"]
DEMO += ["--text-scale", "1", "--audio-scale", "2"]


@pytest.fixture(autouse=True, scope="module")
def one_thread():
    threads = torch.get_num_threads()
    torch.set_num_threads(1)  # so small a model is quickest so
    yield
    torch.set_num_threads(threads)


@pytest.fixture(scope="module")
def scene() -> Scene:
    """Two people who drift slowly sideways, far beyond what the model would make up."""
    scene = random_scene(3)
    persons = [
        replace(person, sway=(0.07, 0.3, phase))
        for person, phase in zip(scene.persons, (0.0, 2.0), strict=True)
    ]
    return replace(scene, persons=tuple(persons))


def moving_mouths(frames: int) -> Tensor:
    seconds = torch.arange(frames) / 25
    return torch.stack([(speed * seconds).sin().abs() for speed in (7.0, 5.0)])


# --- the loop, with a small film ---------------------------------------------------------------------------


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


# --- the command line --------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def talk(scene: Scene, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """35 pictures of the scene as an mp4 of 30 a second: 29 frames of a film."""
    path = tmp_path_factory.mktemp("talk") / "talk.mp4"
    with VideoWriter(path, 288, 192, fps=30) as writer:
        writer.append(scene.frames(moving_mouths(35), 192))
    return path


@pytest.fixture(scope="module")
def dub(scene: Scene, talk: Path):
    """The command that dubs the talk, without its output."""
    boxes = [",".join(str(round(edge * 192)) for edge in box) for box in scene.boxes()]
    return ["generate", "--video", str(talk), "--boxes", *boxes, *VOICES, *DEMO, "--overwrite"]


@pytest.fixture(scope="module")
def dubbed(dub: list[str], talk: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Tensor]:
    """The video at the film's size, and films of it by strength."""
    film = tmp_path_factory.mktemp("dubbed") / "film.mp4"
    films = {"video": FittedVideo(VideoFile.open(talk), 64, 96, 25.0).frames(0, 29)}
    for denoise in ("0.1", "0.6", "1"):
        assert main([*dub, "--no-store", "--denoise", denoise, "--output", str(film)]) == 0
        films[denoise] = read_video(film)[0]
    return films


def test_the_film_lasts_as_long_as_the_video(dubbed):
    assert {len(film) for film in dubbed.values()} == {29}


def test_the_motion_is_kept(dubbed, scene):
    faces = find_faces(scene.frames(moving_mouths(1), 400)[0])
    paths = {name: follow_faces(film, faces) for name, film in dubbed.items()}
    strayed = {name: (path - paths["video"]).norm(dim=-1).mean() for name, path in paths.items()}
    assert strayed["0.1"] < 0.6 * strayed["1"], strayed


def test_stronger_denoise_changes_the_mouths(dubbed, scene):
    faces = find_faces(scene.frames(moving_mouths(1), 400)[0])
    before = mouth_openness(dubbed["video"], faces)
    likeness = {
        name: torch.corrcoef(torch.cat([before, mouth_openness(film, faces)]))[[0, 1], [2, 3]].mean()
        for name, film in dubbed.items()
    }
    assert likeness["video"] > 0.99 and likeness["0.1"] > likeness["0.6"] + 0.1, likeness


def test_killed_it_goes_on(dub, dubbed, tmp_path, capsys):
    command = [*dub, "--denoise", "0.6", "--store", str(tmp_path), "--output", str(tmp_path / "film.mp4")]
    # As many threads as here: sums differ by their order.
    alone = {**os.environ, "OMP_NUM_THREADS": str(torch.get_num_threads())}
    program = [sys.executable, "-m", "multitalk_core", *command]
    with subprocess.Popen(program, stderr=subprocess.PIPE, env=alone) as made:
        while not list(tmp_path.glob("*/clip-0001-*.safetensors")):
            time.sleep(0.02)
            assert made.poll() is None, made.stderr.read()
        made.kill()
    assert main(command) == 0
    said = capsys.readouterr().out
    assert "resumes after clip" in said
    assert torch.equal(read_video(tmp_path / "film.mp4")[0], dubbed["0.6"])
    assert (
        "1.17 s at 30 pictures/s, resampled by their times to 25; the voices replace its sound; their last"
        in said
    )
    assert "denoise 0.6: the steps begin at 82% noise" in said


def test_another_strength_or_video_is_another_film(dub, talk, tmp_path, capsys):
    command = [*dub, "--steps", "1", "--stop-after", "1", "--store", str(tmp_path)]
    command += ["--output", str(tmp_path / "film.mp4")]
    assert main(command) == 0
    capsys.readouterr()
    assert main([*command, "--denoise", "0.3"]) == 0
    assert "every clip differs from the last film.mp4: denoise changed" in "".join(capsys.readouterr())
    os.utime(talk, (1e9, 1e9))
    assert main([*command, "--denoise", "0.3"]) == 0
    assert "every clip differs from the last film.mp4: video changed" in "".join(capsys.readouterr())


def test_with_a_mask_only_the_mouths_are_regenerated(dub, talk, scene, tmp_path, capsys):
    """A still mask over the faces, at twice the video's size, and the same as a video: elsewhere the picture
    stays, but for H.264."""
    mask = torch.zeros(384, 576, 3)
    for left, top, right, bottom in scene.boxes():
        mask[round(top * 384) : round(bottom * 384), round(left * 384) : round(right * 384)] = 1.0
    write_picture(tmp_path / "mask.png", mask)
    with VideoWriter(tmp_path / "mask.mp4", 576, 384, fps=30) as writer:
        writer.append(mask.expand(35, -1, -1, -1))
    inside = resize_and_crop(mask.movedim(-1, 0), 64, 96)[0] > 0.02
    seen = FittedVideo(VideoFile.open(talk), 64, 96, 25.0).frames(0, 29)
    store = ["--store", str(tmp_path / "store"), "--output", str(tmp_path / "film.mp4")]
    for name in ("mask.png", "mask.mp4"):
        assert main([*dub, "--denoise", "1", "--region", str(tmp_path / name), *store]) == 0
        changed = (read_video(tmp_path / "film.mp4")[0] - seen).abs().mean((0, -1))
        assert changed[~inside].mean() < 0.015 and changed[inside].mean() > 0.04, changed[inside].mean()
    said = "".join(capsys.readouterr())
    assert "region changed" in said and "only where the region is white" in said


def test_persons_are_located_in_the_first_picture(talk, tmp_path, capsys):
    command = ["localize", "--video", str(talk), "--persons", "parts", "--count", "2"]
    assert main([*command, "--output", str(tmp_path / "persons.png")]) == 0
    assert "person 1: 7,9,136,182" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["--denoise", "0"], "0 is not a number from 0.01 to 1.0"),
        (["--denoise", "2"], "2 is not a number from 0.01 to 1.0"),
        (["--ending", "mirror"], "A dubbed film ends with its video"),
        (["--picture", f"{EMBEDDED}/picture.png"], "not allowed with argument"),
        (["--video", "nowhere.mp4"], "--video: There is no file at nowhere.mp4"),
        (["--region", "nowhere.png"], "--region: There is no file at nowhere.png"),
        (["--region", "short.mp4"], "The region ends after 0.33 s and the video after 1.17 s"),
        (
            ["--region", f"{EMBEDDED}/picture.png", "--size", "96x48"],
            "with the video's aspect ratio",
        ),
        (["--region", "black.png"], "The region is black everywhere"),
    ],
)
def test_what_cannot_be(dub, tmp_path, capsys, monkeypatch, arguments, sentence):
    monkeypatch.chdir(tmp_path)
    write_picture("black.png", torch.zeros(64, 96, 3))
    with VideoWriter("short.mp4", 288, 192, fps=30) as writer:
        writer.append(torch.zeros(10, 192, 288, 3))
    assert main([*dub, *arguments, "--output", "film.mp4"]) == 2
    assert sentence in capsys.readouterr().err and sorted(os.listdir()) == ["black.png", "short.mp4"]


def test_denoise_and_region_need_a_video(capsys):
    of_picture = ["generate", "--picture", f"{EMBEDDED}/picture.png", *VOICES]
    assert main([*of_picture, "--denoise", "0.5"]) == 2
    assert "--denoise applies to dubbing" in capsys.readouterr().err
    assert main([*of_picture, "--region", f"{EMBEDDED}/picture.png"]) == 2
    assert "--region says where a --video" in capsys.readouterr().err

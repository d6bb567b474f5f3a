"""The plot of mouths against voices, on a real ComfyUI server."""

import numpy as np
import pytest
import torch
from graphs import node, scene
from PIL import Image

from multitalk_core.audio.sound_file import read_audio
from multitalk_core.audio.timeline import Timeline
from multitalk_core.demo.files import EMBEDDED
from multitalk_core.drawing.mouth_lanes import mouths_picture
from multitalk_core.evaluation.film_score import measure_film
from multitalk_core.evaluation.mouth_openness import MOUTH_COLOUR, find_faces
from multitalk_core.media.picture import read_picture, write_picture
from multitalk_core.media.video_writer import VideoWriter, read_video

FRAMES = 30  # as long as the voices of `scene`


@pytest.fixture(scope="module")
def film(tmp_path_factory):
    """A film of the demo's picture in which the left mouth opens wider and wider."""
    picture = read_picture(EMBEDDED / "picture.png")
    height, width = picture.shape[:2]
    face = find_faces(picture)[0]
    column, row = round(face.x * height), round((face.y + 0.65 * face.size) * height)
    frames = picture.repeat(FRAMES, 1, 1, 1)
    for index, frame in enumerate(frames):
        frame[row - index : row + index, column - 30 : column + 30] = torch.tensor(MOUTH_COLOUR)
    path = tmp_path_factory.mktemp("film") / "film.mp4"
    with VideoWriter(path, width, height) as writer:
        writer.append(frames)
    return path


def graph_of(server, film, picture):
    return {
        **scene(server.upload(picture)),
        "film": node("LoadVideo", file=server.upload(film)),
        "frames": node("GetVideoComponents", video=["film", 0]),
        "plot": node("MultiTalkMouthsPlot", images=["frames", 0], audio=["audio", 0], picture=["picture", 0]),
    }


def test_the_plot_is_the_command_lines(server, film):
    run = server.run(graph_of(server, film, EMBEDDED / "picture.png"))
    (shown,) = run.outputs["plot"]["images"]
    frames, fps, _ = read_video(film)
    timeline = Timeline.together([read_audio(EMBEDDED / f"voice_{number}.flac") for number in (1, 2)])
    tracks = timeline.tracks(seconds=FRAMES / fps)
    mouths = measure_film(frames, read_picture(EMBEDDED / "picture.png"), list(tracks), fps=fps)
    assert mouths.openness[0].diff().min() > -0.02 and mouths.openness[0, -1] > 0.2
    expected = mouths_picture(mouths.openness, mouths.loudness, fps=fps)
    drawn = torch.from_numpy(np.array(Image.open(server.path(shown)).convert("RGB"))).float() / 255
    assert drawn.shape == expected.shape and (drawn - expected).abs().mean() < 0.002


def test_a_picture_without_drawn_faces_is_refused(server, film, tmp_path):
    write_picture(tmp_path / "grey.png", torch.full((400, 640, 3), 0.5))
    assert "No cartoon face" in server.refuse(graph_of(server, film, tmp_path / "grey.png")).message

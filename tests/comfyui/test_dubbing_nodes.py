"""A video on the picture socket: dubbed by the Long Video node, on a real server."""

from fractions import Fraction

import av
import numpy as np
import pytest
import torch
from graphs import HEIGHT, WIDTH, frame_paths, long_video_graph, node
from PIL import Image

from helpers.crossing_people import crossing_people
from helpers.video_files import corners, phone_video
from multitalk_core.demo.files import EMBEDDED
from multitalk_core.media.video_file import VideoFile
from multitalk_core.media.video_source import FittedVideo
from multitalk_core.media.video_writer import VideoWriter, read_video
from multitalk_core.persons.face_detector import FaceDetector
from multitalk_core.persons.following import follow_video
from multitalk_core.persons.mouth_region import MouthRegion

PICTURES, RATE = 16, 30  # 13 frames of a film
SMALL = {"clip_frames": 9, "steps": 2, "text_scale": 1.0, "audio_scale": 1.0}


@pytest.fixture(scope="module")
def video(server):
    """The demo's picture, sliding sideways."""
    picture = Image.open(EMBEDDED / "picture.png").convert("RGB").resize((2 * WIDTH, 2 * HEIGHT))
    still = torch.from_numpy(np.array(picture)).float() / 255
    path = server.input / "slide.mp4"
    with VideoWriter(path, 2 * WIDTH, 2 * HEIGHT, fps=RATE) as writer:
        writer.append(torch.stack([still.roll(index, 1) for index in range(PICTURES)]))
    return path


def dubbing_graph(video, **changes):
    graph = long_video_graph("unused.png", **({"length": 0} | SMALL | changes))
    graph["picture"] = node("LoadVideo", file=video.name)
    return graph


def pictures(server, run):
    return np.stack([np.asarray(Image.open(path)) for path in frame_paths(server, run, "images")]) / 255


def test_less_denoise_keeps_more_of_the_video_and_its_length(server, video):
    seen = FittedVideo(VideoFile.open(video), HEIGHT, WIDTH, 25.0).frames(0, 13).numpy()
    distances = []
    for denoise in (0.05, 0.9):
        run = server.run(dubbing_graph(video, denoise=denoise))
        frames = pictures(server, run)
        assert frames.shape == (13, HEIGHT, WIDTH, 3)
        distances.append(np.square(frames - seen).mean())
    assert distances[0] < 0.7 * distances[1]
    assert any("Dubs a video of 0.53 s at 30 pictures a second" in text for text in run.texts)
    saved, fps, sound = read_video(server.path(run.outputs["save"]["images"][0]))
    assert (len(saved), fps) == (13, 25) and sound is not None


def test_a_dubbed_film_goes_on_and_another_strength_is_another_film(server, video):
    server.run(dubbing_graph(video, denoise=0.3, stop_after=1, seed=21))
    onward = server.run(dubbing_graph(video, denoise=0.3, seed=21))
    assert any("resumes after clip 1 of 2" in text for text in onward.texts)
    other = server.run(dubbing_graph(video, denoise=0.4, seed=21))
    assert not any("resumes after" in text for text in other.texts)
    shorter = "The video is shorter than this film: its last picture stays to the end."
    longer = server.run(dubbing_graph(video, denoise=0.3, seed=21, length=17, stop_after=1))
    assert any(shorter in text for text in longer.texts) and shorter not in "".join(onward.texts)


def test_a_film_of_a_picture_knows_no_denoise(server, tmp_path):
    Image.open(EMBEDDED / "picture.png").convert("RGB").resize((WIDTH, HEIGHT)).save(tmp_path / "still.png")
    picture = server.upload(tmp_path / "still.png")
    graphs = [
        long_video_graph(picture, **SMALL, seed=22, length=9, denoise=denoise) for denoise in (0.3, 0.9)
    ]
    server.run(graphs[0])
    assert any("resumes after clip 1 of 1" in text for text in server.run(graphs[1]).texts)


def test_a_part_of_a_video_and_a_batch_as_a_video(server, video):
    graph = dubbing_graph(video)
    graph["picture"] = node(
        "Video Slice", video=["load", 0], start_time=0.2, duration=0.2, strict_duration=False
    )
    graph["load"] = node("LoadVideo", file=video.name)
    assert len(pictures(server, server.run(graph))) == 5
    graph["picture"] = node("CreateVideo", images=["parts", 0], fps=25.0)
    graph["parts"] = node("GetVideoComponents", video=["load", 0])
    assert len(pictures(server, server.run(graph))) == PICTURES


def masked(server, tmp_path, video, size=(2 * WIDTH, 2 * HEIGHT), **changes):
    """Dubbed from noise, but in the left half only."""
    mask = Image.new("RGB", size, "black")
    mask.paste("white", (0, 0, size[0] // 2, size[1]))
    mask.save(tmp_path / "left.png")
    graph = dubbing_graph(video, denoise=1.0, region=["mask", 0], **changes)
    graph["mask"] = node("LoadImageMask", image=server.upload(tmp_path / "left.png"), channel="red")
    return graph


def test_a_phones_video_is_dubbed_as_a_player_shows_it(server, tmp_path):
    """From its file, and from memory, as nodes of an API hand it on; its corners stay."""
    path = phone_video(server.input / "phone.mov")
    mask = Image.new("RGB", (96, 64))
    mask.paste("white", (40, 24, 56, 40))
    mask.save(tmp_path / "middle.png")
    graph = dubbing_graph(path, steps=1, store_clips=False, region=["mask", 0])
    graph["mask"] = node("LoadImageMask", image=server.upload(tmp_path / "middle.png"), channel="red")
    for source in (graph["picture"], node("OddValue", name="a phone's video in memory")):
        run = server.run(graph | {"picture": source})
        frames = torch.from_numpy(pictures(server, run))
        assert len(frames) == 13 and corners(frames[0]) == ["green", "red", "grey", "blue"]
        said = "\n".join(run.texts)
        assert "is HDR (HLG, BT.2020), converted to SDR" in said and "is damaged at 0.2 s" in said


def test_outside_a_mask_the_video_stays(server, video, tmp_path):
    seen = FittedVideo(VideoFile.open(video), HEIGHT, WIDTH, 25.0).frames(0, 13).numpy()
    frames = pictures(server, server.run(masked(server, tmp_path, video)))
    changed = np.abs(frames - seen).max((0, -1))
    assert changed[:, WIDTH // 2 + 1 :].max() < 1 / 128 and changed[:, : WIDTH // 2].mean() > 0.05


def test_another_mask_is_another_film_also_under_the_same_name(server, video, tmp_path):
    graph = masked(server, tmp_path, video, seed=23)
    server.run(graph)
    path = server.input / graph["mask"]["inputs"]["image"]
    Image.open(path).transpose(Image.Transpose.FLIP_LEFT_RIGHT).save(path)
    right = server.run(graph)
    assert any("every clip differs" in text and "region changed" in text for text in right.texts)
    assert any("pictures a second, only where the region is white" in text for text in right.texts)
    assert not any("resumes after" in text for text in right.texts)


@pytest.fixture(scope="module")
def uneven(server):
    """Eight pictures without red, 10 ms each, then eight full of it, 40 ms each: as uneven as a phone's."""
    picture = np.array(Image.open(EMBEDDED / "picture.png").convert("RGB").resize((2 * WIDTH, 2 * HEIGHT)))
    path = server.input / "uneven.mp4"
    with av.open(str(path), "w") as container:
        stream = container.add_stream("libx264", rate=25)
        stream.width, stream.height, stream.pix_fmt = 2 * WIDTH, 2 * HEIGHT, "yuv420p"
        stream.codec_context.time_base = Fraction(1, 1000)
        for time in [*range(0, 80, 10), *range(80, 400, 40)]:
            picture[..., 0] = 0 if time < 80 else 255
            frame = av.VideoFrame.from_ndarray(picture, format="rgb24").reformat(format="yuv420p")
            frame.pts, frame.time_base = time, Fraction(1, 1000)
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    return path


def test_a_mask_for_each_picture_is_shown_when_its_picture_is(server, uneven):
    """Their red as the mask: what has none stays, and what follows is regenerated from its first frame on."""
    graph = dubbing_graph(uneven, denoise=1.0, region=["mask", 0])
    graph["load"] = node("LoadVideo", file=uneven.name)
    graph["parts"] = node("GetVideoComponents", video=["load", 0])
    graph["mask"] = node("ImageToMask", image=["parts", 0], channel="red")
    frames = pictures(server, server.run(graph))
    seen = FittedVideo(VideoFile.open(uneven), HEIGHT, WIDTH, 25.0).frames(0, len(frames)).numpy()
    changed = np.abs(frames - seen).mean((1, 2, 3))
    assert changed[:2].max() < 0.02 and changed[2:].min() > 0.05, changed


def walking(server, video, **changes):
    """The mouths of two people who cross, and of whom one leaves; ten frames a second."""
    size = {"width": 80, "height": 32, "clip_frames": 9, "motion_frames": 1}
    graph = dubbing_graph(video, **(size | {"steps": 1, "denoise": 1.0, "mouths_only": True} | changes))
    graph["persons"]["inputs"] |= {"method": "automatic", "method.persons": 0, "method.model": "faces"}
    graph["audio"]["inputs"]["fps"] = 10.0
    return graph


@pytest.fixture(scope="module")
def walk(server):
    path = server.input / "walk.mp4"
    with VideoWriter(path, 640, 256, fps=5) as writer:
        writer.append(crossing_people(rate=5).images)
    return path


def test_only_the_mouths_of_people_who_walk_are_regenerated_and_it_is_said(server, walk):
    run = server.run(walking(server, walk, stop_after=2))
    said = "\n".join(run.texts)
    assert "Follows the persons' faces through 15 pictures of the video." in said
    assert "Persons 1 and 2 change sides at 1.4 s." in said
    assert "Person 2 leaves the picture and is lost from 2.0 s on." in said
    assert "Person 2 is not shown where clip 4 begins" in said
    video = VideoFile.open(walk)
    region = MouthRegion(video, follow_video(FaceDetector(), video).faces)
    seen, mouths = (FittedVideo(each, 32, 80, 10.0).frames(0, 17).numpy() for each in (video, region))
    changed = np.abs(pictures(server, run) - seen)
    assert changed[mouths == 0].max() < 1 / 128 and changed[mouths > 0.5].mean() > 0.05
    assert (mouths > 0.5).any((1, 2, 3)).all()


def test_mouths_need_faces_a_video_and_no_other_region(server, video, tmp_path):
    with VideoWriter(server.input / "nobody.mp4", 2 * WIDTH, 2 * HEIGHT, fps=RATE) as writer:
        writer.append(torch.full((2, 2 * HEIGHT, 2 * WIDTH, 3), 0.5))
    refused = server.refuse(dubbing_graph(server.input / "nobody.mp4", mouths_only=True))
    assert refused.message.startswith("mouths_only: No face of person 1 was found")
    both = server.refuse(masked(server, tmp_path, video, mouths_only=True))
    assert both.message.startswith("mouths_only, region: both say where the video is regenerated")
    graph = dubbing_graph(video, mouths_only=True)
    graph["picture"] = node("LoadImage", image=server.upload(tmp_path / "left.png"))
    assert server.refuse(graph).message.startswith("mouths_only: applies to dubbing, but")


def test_a_mask_that_does_not_go_with_the_video_is_refused(server, video, tmp_path):
    refused = server.refuse(masked(server, tmp_path, video, size=(2 * WIDTH, WIDTH)))
    assert refused.message.startswith("region: The region is")
    assert "give a region with the video's aspect ratio" in refused.message
    graph = masked(server, tmp_path, video)
    graph["two"] = node("MaskToImage", mask=["mask", 0])
    graph["batch"] = node("RepeatImageBatch", image=["two", 0], amount=2)
    graph["film"]["inputs"]["region"] = ["again", 0]
    graph["again"] = node("ImageToMask", image=["batch", 0], channel="red")
    assert f"2 masks, but the video has {PICTURES} frames" in server.refuse(graph).message
    graph = masked(server, tmp_path, video)
    graph["picture"] = node("LoadImage", image=server.upload(tmp_path / "left.png"))
    assert "picture is not a video" in server.refuse(graph).message

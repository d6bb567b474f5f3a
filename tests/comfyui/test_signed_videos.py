"""Videos of the nodes say that they are synthetic and contain their graph; Save Signed Video signs them."""

import json
import urllib.error
import urllib.request
from pathlib import Path

import pytest
import torch
from graphs import HEIGHT, WIDTH, long_video_graph, node
from PIL import Image

from helpers.exiftool import exiftool, sources
from helpers.signing_keys import write_keys
from multitalk_core.demo.files import EMBEDDED
from multitalk_core.media.inspection import inspect_media
from multitalk_core.media.video_writer import VideoWriter, read_video
from multitalk_core.origin.digital_source import DigitalSource

pytest.importorskip("c2pa", reason="no c2pa-python here")
TRAINED, COMPOSITE = DigitalSource.TRAINED, DigitalSource.COMPOSITE
STEPS = 2


@pytest.fixture(scope="module")
def picture(server, tmp_path_factory):
    path = tmp_path_factory.mktemp("origin") / "origin.png"
    Image.open(EMBEDDED / "picture.png").convert("RGB").resize((WIDTH, HEIGHT)).save(path)
    return server.upload(path)


@pytest.fixture(scope="module")
def keys(server):
    """A key and its certificate where the server reads them, by their names there."""
    files = write_keys(server.base / "user" / "__multitalk" / "signing", "ed25519")
    return {"key": files.key.name, "certificate": files.certificate.name, "timestamps": "none"}


def signing(keys: dict, video: list, **inputs: object) -> dict:
    given = {"video": video, "filename_prefix": "origin/signed", **keys, **inputs}
    return node("MultiTalkSaveSignedVideo", **given)


def temporary(server) -> set[Path]:
    return set(server.base.glob("temp/multitalk/*.mp4"))


def test_all_videos_of_a_film_are_marked_and_the_last_is_signed(server, picture, keys):
    graph = long_video_graph(picture, seed=160, steps=STEPS)
    # The same frames through another node are encoded by ComfyUI, and dub the first film.
    graph["frames"] = node("CreateVideo", images=["film", 0], fps=25.0)
    graph["signed"] = signing(keys, ["film", 2])
    graph["dubbed"] = signing(keys, ["frames", 0], dubbed=["film", 2])
    before = temporary(server)
    run = server.run(graph)
    saved, signed, dubbed = (
        server.path(run.outputs[name]["images"][0]) for name in ("save", "signed", "dubbed")
    )
    (film,) = temporary(server) - before
    assert sources(film) == {"QuickTime": TRAINED, "XMP": TRAINED}
    assert sources(saved) == {"QuickTime": TRAINED}  # ComfyUI drops XMP
    assert set(sources(signed).values()) == {TRAINED} and set(sources(dubbed).values()) == {COMPOSITE}
    for video in (film, saved, signed, dubbed):
        assert json.loads(exiftool(video)["QuickTime:Prompt"])["film"]["class_type"] == "MultiTalkLongVideo"
    found = inspect_media(signed).origin
    assert (found.signature.state, found.signature.signer) == ("Valid", "A studio")
    assert set(found.marks.values()) == {TRAINED.uri} and len(found.marks) == 3
    edited = inspect_media(dubbed).origin.signature
    assert (edited.state, edited.actions) == ("Valid", ("c2pa.opened", "c2pa.edited"))
    assert read_video(signed)[0].equal(read_video(film)[0])
    assert signed.parent == server.base / "output" / "origin"
    assert inspect_media(film).origin.signature is None


def test_an_interrupted_film_is_marked_and_contains_its_graph(server, picture):
    steps = iter([STEPS + 1])

    def interrupt(kind, data):
        come = data["nodes"].get("film", {}).get("value", 0) if kind == "progress_state" else 0
        if come >= STEPS + 1 and next(steps, None):
            server.post("/interrupt", {})

    before = temporary(server)
    run = server.attempt(long_video_graph(picture, seed=161, steps=STEPS, store_clips=False), interrupt)
    assert run.failure.message == "interrupted"
    (beginning,) = temporary(server) - before
    assert sources(beginning) == {"QuickTime": TRAINED, "XMP": TRAINED}
    assert json.loads(exiftool(beginning)["QuickTime:Prompt"])["film"]["class_type"] == "MultiTalkLongVideo"


@pytest.mark.parametrize("place", ["key", "certificate"])
@pytest.mark.parametrize("name", ["../../../input/key.pem", "/etc/hostname", "other.pem", "", ".."])
def test_only_files_in_the_folder_are_read(server, picture, keys, name, place):
    graph = {"video": node("LoadVideo", file=talk(server)), "signed": signing(keys, ["video", 0])}
    graph["signed"]["inputs"][place] = name
    ((_, words),) = server.faults(graph)
    assert f"{place}: there is no file" in words and "user/__multitalk/signing" in words


@pytest.mark.parametrize("prefix", ["x" * 300, "a\0b", f"{'x' * 300}/b", "\ud800"])
def test_a_name_that_no_file_can_have_is_refused_when_the_graph_is_queued(server, keys, prefix):
    graph = {"video": node("LoadVideo", file=talk(server)), "signed": signing(keys, ["video", 0])}
    graph["signed"]["inputs"]["filename_prefix"] = prefix
    ((_, words),) = server.faults(graph)
    assert words.startswith("filename_prefix")


def test_a_key_is_not_read_as_an_address(server, keys):
    graph = {"video": node("LoadVideo", file=talk(server)), "signed": signing(keys, ["video", 0])}
    graph["signed"]["inputs"]["timestamps"] = keys["key"]
    ((_, words),) = server.faults(graph)
    assert "timestamps: there is no file" in words and "BEGIN" not in words


def test_a_key_that_does_not_fit_is_refused_with_a_sentence(server, keys):
    write_keys(server.base / "user" / "__multitalk" / "signing", "es256")
    graph = {"video": node("LoadVideo", file=talk(server)), "signed": signing(keys, ["video", 0])}
    graph["signed"]["inputs"]["key"] = "es256.key.pem"
    assert "does not belong to the first certificate" in server.refuse(graph).message
    graph["signed"] = signing(keys, ["video", 0], filename_prefix="../../signed")
    assert (
        "filename_prefix: ../../signed is no name in ComfyUI's output folder" in server.refuse(graph).message
    )


def test_the_server_hands_out_no_key(server, keys):
    name = keys["key"]
    for path in (
        f"/view?filename={name}&type=input",
        f"/view?filename=__multitalk/signing/{name}&type=user",
        f"/view?filename={name}&subfolder=../user/__multitalk/signing&type=output",
        f"/userdata/signing%2F{name}",
        f"/userdata/..%2F__multitalk%2Fsigning%2F{name}",
    ):
        with pytest.raises(urllib.error.HTTPError):
            urllib.request.urlopen(f"http://{server.address}{path}", timeout=30)
    assert "PRIVATE KEY" not in server.log.read_text()


def talk(server) -> str:
    """A marked video in the input folder."""
    if not (server.input / "origin.mp4").exists():
        with VideoWriter(server.input / "origin.mp4", WIDTH, HEIGHT) as writer:
            writer.append(torch.full((5, HEIGHT, WIDTH, 3), 0.5))
    return "origin.mp4"

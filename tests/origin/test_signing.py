"""Signatures: made with real keys, read by a C2PA reader; what cannot sign is refused with a sentence."""

import json
import socket
import subprocess
import sys
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from traceback import format_exception

import pytest
import torch

from helpers.exiftool import sources
from helpers.signing_keys import write_keys
from multitalk_core.errors import MultiTalkError
from multitalk_core.media.inspection import inspect_media
from multitalk_core.media.picture import write_picture
from multitalk_core.media.video_writer import VideoWriter, read_video
from multitalk_core.origin.digital_source import DigitalSource
from multitalk_core.origin.film_mark import FilmMark
from multitalk_core.origin.signed_video import sign_video
from multitalk_core.origin.signing_identity import SigningIdentity, read_identity

c2pa = pytest.importorskip("c2pa", reason="no c2pa-python here")
TRAINED, COMPOSITE = DigitalSource.TRAINED, DigitalSource.COMPOSITE


def identity(folder: Path, kind: str = "es256") -> SigningIdentity:
    files = write_keys(folder, kind)
    return read_identity(files.key, files.certificate)


def write(path: Path, mark: FilmMark) -> Path:
    with VideoWriter(path, 64, 48, mark=mark) as writer:
        writer.append(torch.rand(10, 48, 64, 3, generator=torch.Generator().manual_seed(0)))
    sign_video(path, mark)
    return path


def read(path: Path) -> dict:
    """The manifest as the library's own reader gives it."""
    with c2pa.Reader("video/mp4", path.open("rb")) as reader:
        return json.loads(reader.json())


def claimed(path: Path) -> list[tuple[str, str | None]]:
    store = read(path)
    (actions,) = (
        assertion["data"]["actions"]
        for assertion in store["manifests"][store["active_manifest"]]["assertions"]
        if assertion["label"].startswith("c2pa.actions")
    )
    return [(action["action"], action.get("digitalSourceType")) for action in actions]


class Stopped(Exception):
    """What ComfyUI raises is no error of ours either."""


def test_an_authority_that_does_not_answer_can_be_interrupted(tmp_path):
    film = write(tmp_path / "film.mp4", FilmMark())
    before = film.read_bytes()
    with socket.create_server(("127.0.0.1", 0)) as silent:
        address = f"http://127.0.0.1:{silent.getsockname()[1]}"
        mark = FilmMark(identity=replace(identity(tmp_path / "keys"), authority=address))
        silent.settimeout(0)
        asked = []

        def stop_once_asked() -> None:
            with suppress(BlockingIOError):
                asked.append(silent.accept())
                raise Stopped

        with pytest.raises(Stopped):
            sign_video(film, mark, stop_once_asked)
        for connection, _ in asked:
            connection.close()
    assert film.read_bytes() == before and {path.name for path in tmp_path.iterdir()} == {"film.mp4", "keys"}


@pytest.mark.parametrize("kind", ["es256", "ed25519"])
def test_a_signed_film_is_valid_and_readers_agree_on_its_marks(tmp_path, kind):
    mark = FilmMark(identity=identity(tmp_path, kind))
    film = write(tmp_path / "film.mp4", mark)
    unsigned = write(tmp_path / "unsigned.mp4", replace(mark, identity=None))
    assert torch.equal(read_video(film)[0], read_video(unsigned)[0])
    assert read(film)["validation_state"] == "Valid"
    assert claimed(film) == [("c2pa.created", TRAINED.uri)]
    assert set(sources(film).values()) == {TRAINED} and sources(unsigned) == {
        "QuickTime": TRAINED,
        "XMP": TRAINED,
    }
    found = inspect_media(film).origin
    assert found.marks == {"metadata": TRAINED.uri, "XMP": TRAINED.uri, "C2PA": TRAINED.uri}
    assert (found.signature.state, found.signature.signer, found.signature.time) == (
        "Valid",
        "A studio",
        None,
    )
    assert inspect_media(unsigned).origin.signature is None


@pytest.mark.parametrize("place", [b"mdat", b"Synthetic media", b"http://ns.adobe.com/xap", b"Lavf"])
def test_one_changed_byte_anywhere_is_invalid(tmp_path, place):
    film = write(tmp_path / "film.mp4", FilmMark(identity=identity(tmp_path)))
    content = bytearray(film.read_bytes())
    content[content.rindex(place) + len(place) + 9 * (place == b"mdat")] ^= 1
    film.write_bytes(content)
    found = inspect_media(film).origin
    assert found.signature.state == "Invalid" and "assertion.bmffHash.mismatch" in found.signature.problems
    assert found.rows()[-1][1].startswith("INVALID, does not fit: assertion.bmffHash.mismatch")


def test_a_signature_that_is_cut_short_is_invalid(tmp_path):
    film = write(tmp_path / "film.mp4", FilmMark(identity=identity(tmp_path)))
    content = film.read_bytes()
    film.write_bytes(content.replace(b"c2pa.signature", b"c2pb.signature"))
    assert inspect_media(film).origin.signature.state == "Invalid"


def test_a_dubbed_film_was_edited_from_the_video(tmp_path):
    video = write(tmp_path / "a secret name.mp4", FilmMark())
    mark = FilmMark(source=COMPOSITE, identity=identity(tmp_path), dubbed=video)
    film = write(tmp_path / "film.mp4", mark)
    assert claimed(film) == [("c2pa.opened", None), ("c2pa.edited", COMPOSITE.uri)]
    store = read(film)
    (parent,) = store["manifests"][store["active_manifest"]]["ingredients"]
    assert (parent["title"], parent["relationship"]) == ("the dubbed video", "parentOf")
    assert b"secret" not in film.read_bytes() and read(film)["validation_state"] == "Valid"
    # A video that C2PA cannot read is no ingredient.
    webm = tmp_path / "talk.webm"
    subprocess.run(["ffmpeg", "-v", "error", "-i", video, "-c:v", "libvpx", webm], check=True)
    film = write(tmp_path / "other.mp4", replace(mark, dubbed=webm))
    assert claimed(film) == [("c2pa.created", COMPOSITE.uri)]


def test_signed_pictures_of_others_are_verified(tmp_path):
    who = identity(tmp_path)
    signer = c2pa.Signer.from_info(c2pa.C2paSignerInfo(who.algorithm, who.chain, who.key, None))
    for ending, kind in (("png", "image/png"), ("jpg", "image/jpeg")):
        plain, signed = tmp_path / f"plain.{ending}", tmp_path / f"signed.{ending}"
        write_picture(plain, torch.rand(48, 64, 3), TRAINED)
        builder = c2pa.Builder({"claim_generator_info": [{"name": "another program"}]})
        builder.set_intent(
            c2pa.C2paBuilderIntent.CREATE, c2pa.C2paDigitalSourceType.TRAINED_ALGORITHMIC_MEDIA
        )
        with plain.open("rb") as source, signed.open("w+b") as target:
            builder.sign(signer, kind, source, target)
        found = inspect_media(signed).origin
        assert found.signature.state == "Valid" and found.marks == {"XMP": TRAINED.uri, "C2PA": TRAINED.uri}
        content = bytearray(signed.read_bytes())
        content[-20] ^= 1
        signed.write_bytes(content)
        # A PNG whose checksum no longer fits is no picture any more.
        if ending == "jpg":
            assert inspect_media(signed).origin.signature.state == "Invalid"


def test_without_the_library_the_signature_is_said_to_be_unchecked(tmp_path, monkeypatch):
    film = write(tmp_path / "film.mp4", FilmMark(identity=identity(tmp_path)))
    files = write_keys(tmp_path / "keys")
    monkeypatch.setitem(sys.modules, "c2pa", None)
    found = inspect_media(film)
    assert found.origin.marks == {"metadata": TRAINED.uri, "XMP": TRAINED.uri}
    assert found.as_json()["origin"]["signature"]["state"] == "not checked"
    assert any("not checked" in line and "pip install c2pa-python" in line for line in found.lines())
    with pytest.raises(MultiTalkError, match="Signing needs the library c2pa-python: install it with pip"):
        read_identity(files.key, files.certificate)


@pytest.mark.parametrize(
    "options, sentence",
    [
        ({"days": -3}, r"es256.cert.pem is valid from .* to .* and not now: renew it"),
        ({"kind": "es384"}, r"es384.key.pem is of another kind: make one for ES256"),
        ({"order": "root signer"}, r"does not belong to the first certificate in .*put the signer's own"),
        ({"order": "signer signer root"}, r"Certificate 2 in .* did not issue the one before it: order them"),
        ({"order": "self"}, r"is signed by its own key, which C2PA does not allow"),
        ({"password": b"x"}, r"es256.key.pem has a password: give a copy without one"),
    ],
)
def test_what_cannot_sign_is_refused_with_a_sentence(tmp_path, options, sentence):
    files = write_keys(tmp_path, **options)
    with pytest.raises(MultiTalkError, match=sentence):
        read_identity(files.key, files.certificate)


def test_files_that_are_no_keys(tmp_path):
    files, other = write_keys(tmp_path), write_keys(tmp_path / "other")
    with pytest.raises(MultiTalkError, match="does not belong to the first certificate"):
        read_identity(other.key, files.certificate)
    with pytest.raises(MultiTalkError, match="is no private key in PEM form"):
        read_identity(files.certificate, files.certificate)
    with pytest.raises(MultiTalkError, match="is not in PEM form"):
        read_identity(files.key, files.key)
    with pytest.raises(MultiTalkError, match="There is no signing key at"):
        read_identity(tmp_path / "none.pem", files.certificate)
    with pytest.raises(MultiTalkError, match="is a folder and no certificate"):
        read_identity(files.key, tmp_path)
    for authority in ("ftp://x", "http://", "http://a b", "https://zürich.example"):
        with pytest.raises(MultiTalkError, match=f"authority {authority} is no address"):
            read_identity(files.key, files.certificate, authority)


def test_a_film_that_cannot_be_signed_stays_as_it_was(tmp_path):
    files = write_keys(tmp_path)
    silent = read_identity(files.key, files.certificate, "http://me:secret@127.0.0.1:9")  # nobody
    mark = FilmMark(identity=silent)
    film = write(tmp_path / "film.mp4", replace(mark, identity=None))
    before = film.read_bytes()
    with pytest.raises(
        MultiTalkError, match=r"film.mp4 cannot be signed .* the timestamp authority answers"
    ) as refused:
        sign_video(film, mark)
    assert film.read_bytes() == before and not list(tmp_path.glob(".*"))
    assert "secret" not in "".join(format_exception(refused.value)) + repr(mark)


def test_a_key_is_not_printed(tmp_path):
    who = identity(tmp_path)
    assert "PRIVATE" not in repr(who) and "PRIVATE" not in repr(FilmMark(identity=who))

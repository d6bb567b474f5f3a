"""`prepare` on real videos and voices: what lies in the shards, what is refused, and what a kill leaves."""

import json
import os
import signal
import subprocess
import sys
import time
from dataclasses import replace

import numpy as np
import pytest
import torch
from PIL import Image
from safetensors.torch import load, load_file, save_file

from multitalk_core.audio.features import AudioEncoder
from multitalk_core.audio.loudness import normalise_loudness
from multitalk_core.audio.sound_file import read_audio
from multitalk_core.audio.waveform import speech
from multitalk_core.cli.main import main
from multitalk_core.demo.files import EMBEDDED, EMBEDDED_FILES
from multitalk_core.errors import MultiTalkError
from multitalk_core.hosts.diffusers.embedded_models import load_embedded
from multitalk_core.hosts.diffusers.models import encode_frames
from multitalk_core.media.picture import read_picture, resize_and_crop
from multitalk_core.media.video_writer import VideoWriter, read_video
from multitalk_core.method.conditioning import conditioning_frames
from multitalk_core.persons.box import Box
from multitalk_core.persons.marking import PersonOrder, persons_from_boxes
from multitalk_core.training.encoding import Cutting
from multitalk_core.training.manifest import read_entry
from multitalk_core.training.preparation import Preparation, preparing
from multitalk_core.training.shards import ShardedClips

HEIGHT, WIDTH, FRAMES = 32, 48, 5
VOICES = [str(EMBEDDED / f"voice_{number}.flac") for number in (1, 2)]
BOXES = [[4, 4, 22, 30], [26, 4, 44, 30]]
SMALL = ["--size", f"{WIDTH}x{HEIGHT}", "--clip-frames", str(FRAMES)]


def write_video(path, frames=14, fps=25.0, height=HEIGHT, width=WIDTH):
    """The demo's picture, growing darker."""
    picture = read_picture(EMBEDDED / "picture.png").movedim(-1, 0)
    picture = resize_and_crop(picture, height, width).movedim(0, -1)
    with VideoWriter(path, width, height, fps=fps) as writer:
        for index in range(frames):
            writer.append(picture[None] * (1 - index / (2 * frames)))
    return path.name


def prepare(folder, entries, *options, name="clips"):
    lines = [entry if isinstance(entry, str) else json.dumps(entry) for entry in entries]
    (folder / "manifest.jsonl").write_text("\n".join(lines))
    return main(["prepare", str(folder / "manifest.jsonl"), str(folder / name), *SMALL, *options])


@pytest.fixture
def talk(tmp_path):
    video = write_video(tmp_path / "talk.mp4")
    return {"video": video, "voices": VOICES, "boxes": BOXES, "caption": "Two people talk."}


def same(first, second):
    """But for the shards' half precision."""
    torch.testing.assert_close(first, second, atol=2e-3, rtol=2e-3)


def test_a_clip_is_its_part_of_video_and_voices(tmp_path, talk):
    assert prepare(tmp_path, [talk], "--motion-share", "0") == 0
    clips = ShardedClips(tmp_path / "clips")
    assert len(clips) == 2
    clip = clips[1]
    models = load_embedded()
    frames = read_video(tmp_path / "talk.mp4")[0][FRAMES : 2 * FRAMES].permute(3, 0, 1, 2)[None] * 2 - 1
    with torch.no_grad():
        same(clip.latent, encode_frames(models.vae, frames)[0])
        same(clip.encoded, encode_frames(models.vae, conditioning_frames(frames[:, :, :1], FRAMES))[0])
    assert clip.mask[:, 0].eq(1).all() and clip.mask[:, 1].eq(0).all()
    encoder = AudioEncoder.load(EMBEDDED / EMBEDDED_FILES["audio_encoder"])
    for voice, features in zip(VOICES, clip.features, strict=True):
        whole = encoder.encode(normalise_loudness(speech(read_audio(voice))))
        same(features, whole[FRAMES - 2 : 2 * FRAMES + 2])
    persons = persons_from_boxes([Box(*box) for box in BOXES], HEIGHT, WIDTH, order=PersonOrder.GIVEN)
    assert torch.equal(clip.persons, persons.token_masks(HEIGHT, WIDTH))
    same(clip.text, models.text("Two people talk.")[0])


def test_motion_frames_are_given_to_their_share_of_the_clips(tmp_path, talk):
    write_video(tmp_path / "talk.mp4", frames=60)
    assert prepare(tmp_path, [{**talk, "voices": [], "boxes": []}], "--motion-share", "0.5") == 0
    clips = ShardedClips(tmp_path / "clips")
    given = [bool(clips[index].mask.all()) for index in range(len(clips))]
    assert len(given) == 12 and 2 <= sum(given) <= 10


def test_clips_without_voices_are_for_the_other_task(tmp_path, talk):
    assert prepare(tmp_path, [{"video": talk["video"], "caption": "A storm."}]) == 0
    clip = ShardedClips(tmp_path / "clips")[0]
    assert clip.features.shape == (0, FRAMES + 4, 4, 64) and clip.loudness is None
    assert torch.equal(clip.persons, torch.ones(1, HEIGHT * WIDTH // 256))


def test_another_frame_rate_is_resampled(tmp_path, talk):
    write_video(tmp_path / "talk.mp4", frames=30, fps=50.0)
    assert prepare(tmp_path, [talk], "--motion-share", "0") == 0
    clips = ShardedClips(tmp_path / "clips")
    assert len(clips) == 3
    every_other = read_video(tmp_path / "talk.mp4")[0][::2]
    with torch.no_grad():
        shown = every_other[FRAMES : 2 * FRAMES].permute(3, 0, 1, 2)[None] * 2 - 1
        same(clips[1].latent, encode_frames(load_embedded().vae, shown)[0])


def test_masks_mark_persons_in_the_order_of_the_voices(tmp_path, talk):
    for name, box in zip(("right.png", "left.png"), BOXES[::-1], strict=True):
        mask = np.zeros((HEIGHT, WIDTH), np.uint8)
        mask[box[1] : box[3], box[0] : box[2]] = 255
        Image.fromarray(mask).save(tmp_path / name)
    entry = {name: talk[name] for name in ("video", "voices", "caption")}
    assert prepare(tmp_path, [{**entry, "masks": ["right.png", "left.png"]}]) == 0
    persons = persons_from_boxes([Box(*box) for box in BOXES[::-1]], HEIGHT, WIDTH, order=PersonOrder.GIVEN)
    clip = ShardedClips(tmp_path / "clips")[0]
    assert torch.equal(clip.persons, persons.token_masks(HEIGHT, WIDTH))


def test_refusals_are_reported_and_the_rest_is_prepared(tmp_path, talk, capsys):
    (tmp_path / "broken.mp4").write_bytes(b"no video" * 100)
    Image.fromarray(np.zeros((HEIGHT, WIDTH), np.uint8)).save(tmp_path / "empty.png")
    rate, samples = 16000, read_audio(VOICES[0]).samples[0, :4800]
    import soundfile

    soundfile.write(tmp_path / "short.wav", samples, rate)
    write_video(tmp_path / "slow.mp4", frames=20, fps=12.0)
    write_video(tmp_path / "blink.mp4", frames=4)
    with VideoWriter(tmp_path / "wall.mp4", WIDTH, HEIGHT) as writer:
        writer.append(torch.full((6, HEIGHT, WIDTH, 3), 0.4))
    unmarked = {"voices": VOICES[:1], "caption": ""}
    entries = [
        talk,
        {**talk, "video": "lost.mp4"},
        {**talk, "video": "broken.mp4"},
        {**talk, "voices": ["short.wav", VOICES[1]]},
        {**talk, "boxes": [], "masks": ["empty.png", "empty.png"]},
        {**talk, "video": "slow.mp4"},
        {**talk, "video": "blink.mp4"},
        {**talk, "voices": VOICES[:1]},
        {**talk, "colour": "red"},
        "{not json",
        {"video": "wall.mp4", **unmarked},
    ]
    assert prepare(tmp_path, entries) == 0
    said = capsys.readouterr().out
    report = (tmp_path / "clips" / "refused.txt").read_text().splitlines()
    wanted = {
        2: "There is no video",
        3: "cannot be read as a video",
        4: "Voice 1 ends at 0.28 s",
        5: "mask of person 1 is empty",
        6: "12 frames per second",
        7: "lasts 0.16 s",
        8: "2 masks or boxes but 1 voices",
        9: "unknown key colour",
        10: "not valid JSON",
        11: "Nobody was found",
    }
    for line, reason in wanted.items():
        first = next(refusal for refusal in report if refusal.startswith((f"line {line}:", f"line {line},")))
        assert reason in first
    assert report[2] == "line 4, clip 2: Voice 1 ends at 0.28 s, before the clip does."
    assert "3 from 11 videos" in said and "2 more, in" in said
    assert len(ShardedClips(tmp_path / "clips")) == 3  # the short voice lasts for one clip


def test_nothing_to_train_on_is_an_error(tmp_path, talk, capsys):
    assert prepare(tmp_path, [{**talk, "video": "lost.mp4"}]) == 2
    assert "No clip could be prepared" in capsys.readouterr().err


def test_a_refused_line_is_tried_again_and_a_changed_one_encoded_again(tmp_path, talk):
    entries = [{**talk, "video": "late.mp4"}, talk]
    prepare(tmp_path, entries)
    shards = tmp_path / "clips"
    assert [path.name for path in shards.glob("*.safetensors")] == ["shard-00002-000.safetensors"]
    write_video(tmp_path / "late.mp4", frames=6)
    written = (shards / "shard-00002-000.safetensors").stat().st_mtime_ns
    prepare(tmp_path, entries)
    assert len(ShardedClips(shards)) == 3
    assert (shards / "shard-00002-000.safetensors").stat().st_mtime_ns == written
    prepare(tmp_path, [entries[0], {**talk, "voices": VOICES[:1], "boxes": BOXES[:1]}])
    assert [len(kind) for kind in ShardedClips(shards).kinds] == [1, 2]


def test_a_folder_keeps_its_settings(tmp_path, talk, capsys):
    assert prepare(tmp_path, [talk]) == 0
    assert prepare(tmp_path, [talk], "--seed", "1") == 2
    assert "prepared with other settings (see seed" in capsys.readouterr().err


def test_a_killed_run_goes_on_after_its_last_shard(tmp_path, talk):
    write_video(tmp_path / "talk.mp4", frames=100)
    entries = [{**talk, "voices": [], "boxes": []}]
    assert prepare(tmp_path, entries, name="whole") == 0
    folder = tmp_path / "killed"
    manifest = str(tmp_path / "manifest.jsonl")
    command = [sys.executable, "-m", "multitalk_core", "prepare", manifest, str(folder), *SMALL]
    process = subprocess.Popen(command, stderr=subprocess.DEVNULL)
    while not list(folder.glob("shard-*")):
        assert process.poll() is None
        time.sleep(0.002)
    process.send_signal(signal.SIGKILL)
    process.wait()
    kept = {path: path.stat().st_mtime_ns for path in folder.glob("shard-*")}
    assert 1 <= len(kept) < 3, "killed too late to tell"
    (folder / ".shard-00001-002.safetensors.1a2b3c4d.part").write_bytes(b"half a shard")
    assert prepare(tmp_path, entries, name="killed") == 0
    assert sorted(path.name for path in folder.glob("*shard*")) == [
        f"shard-00001-{part:03d}.safetensors" for part in range(3)
    ]
    recorded = json.loads((folder / "lines" / "00001.json").read_text())
    assert sum(part["clips"] for part in recorded["parts"]) == 20
    for path in folder.glob("shard-*"):
        wanted = load_file(tmp_path / "whole" / path.name)
        for name, tensor in load_file(path).items():
            same(tensor, wanted[name])
    assert sum(path.stat().st_mtime_ns == changed for path, changed in kept.items()) >= len(kept) - 1


def change_shard(path, **changes):
    save_file({**load_file(path), **changes}, path)


@pytest.mark.parametrize(
    "spoil",
    [
        lambda shard: shard.write_bytes(shard.read_bytes()[:-100]),
        lambda shard: shard.write_bytes(shard.read_bytes()[:-1] + b"\x7e"),
        lambda shard: shard.write_bytes(b"not ours"),
        lambda shard: shard.unlink(),
    ],
    ids=["cut short", "one byte changed", "another file", "gone"],
)
def test_only_the_damaged_shard_is_encoded_again_and_named(tmp_path, talk, capsys, spoil):
    entries = [{"video": talk["video"], "caption": "A storm."}, {**talk, "voices": [], "boxes": []}]
    assert prepare(tmp_path, entries) == 0
    damaged, whole = sorted((tmp_path / "clips").glob("shard-*"))
    before, kept = load(damaged.read_bytes()), whole.stat().st_mtime_ns
    spoil(damaged)
    assert prepare(tmp_path, entries) == 0
    assert "shard-00001-000.safetensors was" in capsys.readouterr().out
    for name, tensor in load_file(damaged).items():
        same(tensor, before[name])
    assert whole.stat().st_mtime_ns == kept


@pytest.mark.parametrize(
    "content", ["{", "[]", '{"key": 5}', "[" * 50_000, "\udcff", '{"key": "a", "parts": [{}]}']
)
def test_a_damaged_record_is_named_and_its_line_encoded_again(tmp_path, talk, capsys, content):
    entry = {"video": talk["video"], "caption": "A storm."}
    assert prepare(tmp_path, [entry]) == 0
    (tmp_path / "clips" / "lines" / "00001.json").write_text(content, errors="surrogateescape")
    assert prepare(tmp_path, [entry]) == 0
    assert "lines/00001.json was damaged" in capsys.readouterr().out
    assert len(ShardedClips(tmp_path / "clips")) == 2


def test_damaged_settings_are_written_again_and_the_clips_of_the_same_settings_stay(tmp_path, talk, capsys):
    entry = {"video": talk["video"], "caption": "A storm."}
    assert prepare(tmp_path, [entry]) == 0
    (shard,) = (tmp_path / "clips").glob("shard-*")
    settings, written = tmp_path / "clips" / "settings.json", shard.stat().st_mtime_ns
    before = settings.read_text()
    settings.write_text(before[:20])
    assert prepare(tmp_path, [entry]) == 0
    assert "settings.json was damaged" in capsys.readouterr().out
    assert settings.read_text() == before and shard.stat().st_mtime_ns == written


def test_files_of_others_stay(tmp_path, talk, capsys):
    """A file whose name only resembles a shard's, one that is named as a shard, and settings of a program."""
    entry = {"video": talk["video"], "caption": "A storm."}
    assert prepare(tmp_path, [entry]) == 0
    clips = tmp_path / "clips"
    others = [clips / name for name in ("shard-00001-notes.txt", "shard-00001-000.safetensors.bak")]
    others += [clips / ".shard-mine.part", clips / "shard-00099-000.safetensors"]
    for path in others:
        path.write_text("mine")
    assert prepare(tmp_path, [{**entry, "caption": "Rain."}]) == 0
    assert "shard-00099-000.safetensors belongs to no line of this manifest" in capsys.readouterr().out
    assert all(path.read_text() == "mine" for path in others)
    (tmp_path / "project").mkdir()
    (tmp_path / "project" / "settings.json").write_text("// of an editor\n{}")
    assert prepare(tmp_path, [entry], name="project") == 2
    assert "belongs to another program" in capsys.readouterr().err
    assert (tmp_path / "project" / "settings.json").read_text() == "// of an editor\n{}"


def test_clips_that_are_not_finite_are_refused_and_not_written(tmp_path, talk):
    models = replace(load_embedded(), text=lambda *_: torch.full((1, 4, 32), float("nan")))
    encoder = AudioEncoder.load(EMBEDDED / EMBEDDED_FILES["audio_encoder"])
    (tmp_path / "manifest.jsonl").write_text(json.dumps({"video": talk["video"], "caption": ""}))
    cutting = Cutting(FRAMES, (HEIGHT, WIDTH))
    with preparing(tmp_path / "clips", {}, print):
        preparation = Preparation(
            folder=tmp_path / "clips",
            models=models,
            encoder=encoder,
            cutting=cutting,
            on_clip=lambda *_: None,
            note=print,
        )
        (line,) = preparation.run(tmp_path / "manifest.jsonl")
    assert line.clips == 0 and "text contains NaN or infinite numbers" in str(line.refused[0])
    assert not list((tmp_path / "clips").glob("shard-*"))


@pytest.mark.parametrize(
    ("spoil", "reason"),
    [
        (lambda shard: shard.write_bytes(shard.read_bytes()[:-100]), "is damaged"),
        (lambda shard: change_shard(shard, text=load_file(shard)["text"] * torch.nan), "text contains NaN"),
        (lambda shard: change_shard(shard, text=load_file(shard)["text"][:1]), "belongs to another program"),
        (lambda shard: save_file({"weight": torch.zeros(2)}, shard), "belongs to another program"),
        (lambda shard: shard.write_bytes(b""), "empty file"),
        (lambda shard: (shard.unlink(), os.mkfifo(shard)), "is a pipe"),
    ],
    ids=["cut short", "not finite", "fewer clips", "weights", "empty", "pipe"],
)
def test_training_says_which_shard_is_damaged(tmp_path, talk, spoil, reason):
    assert prepare(tmp_path, [{"video": talk["video"], "caption": "A storm."}]) == 0
    (shard,) = (tmp_path / "clips").glob("shard-*")
    spoil(shard)
    with pytest.raises(MultiTalkError, match=rf"shard-00001-000.*{reason}"):
        ShardedClips(tmp_path / "clips")[0]


ONE_VOICE = '{"video": "a.mp4", "caption": "", "voices": ["a.wav"], "boxes": '


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        (ONE_VOICE + "[[0, 0, NaN, 9]]}", "boxes are not all"),
        (ONE_VOICE + "[[0, 0, -Infinity, 9]]}", "boxes are not all"),
        (ONE_VOICE + "[[0, 0, 9" + "9" * 400 + ", 9]]}", "boxes are not all"),
        (ONE_VOICE + '["1234"]}', "boxes are not all"),
        (ONE_VOICE + "[[true, 0, 9, 9]]}", "boxes are not all"),
        (ONE_VOICE + '{"0": [0, 0, 9, 9]}}', "boxes are not all"),
        (json.dumps({"video": "a.mp4", "caption": "", "voices": ["a.wav"] * 9}), "at most 8"),
        (json.dumps({"video": "a.mp4", "caption": "x" * 100_001}), "longer than"),
        ('{"video": ' + "[" * 100_000, "not valid JSON"),
        ('{"video": 1' + "0" * 5000 + "}", "not valid JSON"),
    ],
    ids=["nan", "inf", "digits", "text", "bool", "object", "nine voices", "long", "deep", "5000 digits"],
)
def test_lines_of_a_manifest_that_cannot_be(tmp_path, line, reason):
    with pytest.raises(MultiTalkError, match=reason):
        read_entry(1, line, tmp_path)


@pytest.mark.parametrize("stop", [signal.SIGINT, pytest.param(signal.SIGTERM, marks=pytest.mark.soak)])
def test_a_stopped_preparation_says_where_its_shards_are_and_continues(tmp_path, stop):
    with VideoWriter(tmp_path / "talk.mp4", 48, 32) as writer:
        writer.append(torch.rand(160, 32, 48, 3))
    (tmp_path / "talk.jsonl").write_text('{"video": "talk.mp4", "caption": ""}')
    command = [sys.executable, "-m", "multitalk_core", "prepare", tmp_path / "talk.jsonl", tmp_path / "clips"]
    command += ["--size", "48x32", "--clip-frames", "5"]
    with subprocess.Popen(
        command,
        stderr=subprocess.PIPE,
        text=True,
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
    ) as process:
        shown = ""
        while "clip 9 of 32" not in shown:
            shown += process.stderr.read(1)
        process.send_signal(stop)
        rest = process.stderr.read()
    assert process.returncode == 130 and "Traceback" not in rest
    assert f"finished shards are in {tmp_path / 'clips'}; run the same command again" in rest.splitlines()[-1]
    assert 1 <= len(list((tmp_path / "clips").glob("shard-*"))) < 4
    assert subprocess.run(command, capture_output=True).returncode == 0
    assert len(list((tmp_path / "clips").glob("shard-*"))) == 4

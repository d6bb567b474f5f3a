"""The command `prepare`: videos and voices encoded once, for training."""

import argparse
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import asdict
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING

from ..errors import MultiTalkError
from ..files.outputs import check_inputs_stay
from ..guards.memory import check_memory, clip_bytes
from ..limits import CLIP_FRAMES, FRACTION, MOTION_FRAMES, SEED
from ..training.manifest import read_entry, read_lines
from .options.paths import folder_path, input_file, input_folder_or_file
from .options.types import frame_count, size, text, within

if TYPE_CHECKING:
    from ..audio.features import AudioEncoder
    from ..hosts.diffusers.models import Models
    from ..training.prepared_folder import Prepared

MOST_SHOWN = 8  # refusals
WRITTEN = ("settings.json", "refused.txt", "lines/*", "shard-*")

DESCRIPTION = """\
Cut videos into clips and encode them once, for `train`: latents, the given
frames, captions, audio features and where each person is. A run that was
stopped, however it was, goes on with the same command."""

MANIFEST = """\
the manifest: one line of JSON for each video; paths as seen from its folder
  {"video": "talk.mp4", "voices": ["anna.wav", "ben.wav"],
   "boxes": [[64, 56, 300, 400], [340, 50, 576, 400]], "caption": "Two friends talk."}
  Each voice is one person's, as long as the video. In place of boxes, in pixels
  of the video, there can be masks, one picture a person, white where the person
  is; both hold for the whole video. Without them the people are found by their
  faces in every clip's first frame, from left to right.
  Clips for the image-to-video task have no voices: give them a manifest and a
  folder of their own.

Videos of another frame rate than 25 are resampled to the nearest frames; slower
ones than 23.9 are refused. What was refused and why is told at the end and
stays in FOLDER/refused.txt."""


def add_command(commands: argparse._SubParsersAction) -> None:
    """Add the command to the parser."""
    parser = commands.add_parser(
        "prepare",
        help="encode videos and voices for training",
        description=DESCRIPTION,
        epilog=MANIFEST,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    parser.add_argument("manifest", type=input_file, metavar="MANIFEST.jsonl", help="the videos, see below")
    parser.add_argument("folder", type=folder_path, help="where the shards of clips go")
    sizes = parser.add_mutually_exclusive_group()
    sizes.add_argument("--size", type=size, metavar="WxH", help="of all clips, divisible by 16")
    sizes.add_argument(
        "--resolution",
        type=int,
        choices=(480, 720),
        default=480,
        help="each video gets the trained size nearest to its shape (default: %(default)s)",
    )
    parser.add_argument(
        "--clip-frames",
        type=frame_count(CLIP_FRAMES),
        default=81,
        metavar="N",
        help="4n + 1 (default: %(default)s)",
    )
    parser.add_argument(
        "--motion-frames",
        type=frame_count(MOTION_FRAMES),
        default=5,
        metavar="N",
        help="given at the start of a clip that goes on from another, 4n + 1 (default: %(default)s)",
    )
    parser.add_argument(
        "--motion-share",
        type=within(FRACTION),
        default=0.5,
        metavar="0..1",
        help="of the clips, drawn by the seed, that have their motion frames given; the others have their "
        "first frame given (default: %(default)s; the paper does not tell)",
    )
    parser.add_argument(
        "--cartoon-faces",
        action="store_true",
        help="the people are drawn like the demo's: note their faces, so that `train` can measure how their "
        "mouths follow their voices",
    )
    parser.add_argument("--seed", type=within(SEED), default=0, metavar="N", help="(default: 0)")
    models = parser.add_argument_group("the models")
    models.add_argument(
        "--model",
        type=input_folder_or_file,
        metavar="FOLDER",
        help="Wan2.1-I2V in diffusers' format (default: the miniature model that is shipped)",
    )
    models.add_argument(
        "--audio-encoder",
        type=input_folder_or_file,
        metavar="PATH",
        help="wav2vec2 folder or .safetensors (needed with --model)",
    )
    models.add_argument(
        "--ignore-memory",
        action="store_true",
        help="try also what takes more main memory at once than this machine has",
    )
    models.add_argument("--device", type=text, help="(default: cuda where there is one and --model is given)")
    parser.set_defaults(command=run)


def run(arguments: argparse.Namespace) -> None:
    """Prepare the clips that the arguments describe.

    Raises
    ------
    MultiTalkError
        For whatever cannot be used.
    """
    from tqdm import tqdm

    from ..files.digests import digest
    from ..training.encoding import Cutting
    from ..training.preparation import Preparation, preparing
    from .options.model_options import encoder_path, file_signature, model_signature
    from .summary import print_lines

    lines = read_lines(arguments.manifest)
    check(arguments, lines)
    cutting = Cutting(
        frames=arguments.clip_frames,
        size=arguments.size,
        resolution=arguments.resolution,
        motion_frames=arguments.motion_frames,
        motion_share=arguments.motion_share,
        cartoon_faces=arguments.cartoon_faces,
        seed=arguments.seed,
    )
    sources = {
        "model": digest(model_signature(arguments.model)),
        "audio encoder": digest(file_signature(encoder_path(arguments))),
    }
    told: list[str] = []
    settings = asdict(cutting) | sources
    with preparing(arguments.folder, settings, told.append), tqdm(total=len(lines), unit="video") as bar:

        def show(line: int, done: int, of: int) -> None:
            bar.set_description(f"line {line}, clip {done} of {of}")

        prepared = []
        try:
            models, encoder = load(arguments)
            preparation = Preparation(arguments.folder, models, encoder, cutting, show, told.append)
            for line in preparation.run(arguments.manifest):
                prepared.append(line)
                bar.update()
        except KeyboardInterrupt as stopped:
            raise KeyboardInterrupt(
                f"the shards that are done are kept in {arguments.folder}; the same command goes on "
                "from there."
            ) from stopped
    print_lines(account(arguments.folder, prepared, told))


def check(arguments: argparse.Namespace, lines: list[tuple[int, str]]) -> None:
    """What can be told before anything is encoded.

    Raises
    ------
    MultiTalkError
        For arguments that do not go together, or a folder whose files would replace an input.
    """
    from .options.model_options import chosen_device

    if arguments.model and not arguments.audio_encoder:
        raise MultiTalkError("--model needs --audio-encoder: give the one that the adapter shall hear with.")
    chosen_device(arguments)
    if arguments.size and not arguments.ignore_memory:
        height, width = arguments.size
        check_memory(
            clip_bytes(arguments.clip_frames, height, width),
            f"A clip of {arguments.clip_frames} frames of {width}×{height}",
            "use fewer --clip-frames or a smaller --size (--ignore-memory tries it all the same)",
        )
    models = [path for path in (arguments.model, arguments.audio_encoder) if path is not None]
    outputs = chain.from_iterable(arguments.folder.glob(pattern) for pattern in WRITTEN)
    check_inputs_stay(
        outputs, [arguments.manifest, *models, *named_files(arguments.manifest, lines)], "folder"
    )


def named_files(manifest: Path, lines: list[tuple[int, str]]) -> Iterator[Path]:
    """The files that a manifest names; lines that cannot be read are told later."""
    for number, line in lines:
        with suppress(MultiTalkError):
            entry = read_entry(number, line, manifest.parent)
            yield from (entry.video, *entry.voices, *entry.masks)


def load(arguments: argparse.Namespace) -> "tuple[Models, AudioEncoder]":
    """Everything that encodes."""
    from ..audio.features import AudioEncoder
    from ..hosts.diffusers.embedded_models import load_embedded
    from ..hosts.diffusers.wan_folder import load_folder
    from .options.model_options import chosen_device, encoder_path

    device = chosen_device(arguments)
    encoder = AudioEncoder.load(encoder_path(arguments), device)
    if arguments.model:
        return load_folder(arguments.model, device, with_transformer=False), encoder
    return load_embedded(device), encoder


def account(folder: Path, prepared: "list[Prepared]", told: list[str]) -> dict[str, str]:
    """What was made, what was refused, and what was `told` of the folder; the refusals are written to a file.

    Raises
    ------
    MultiTalkError
        When there is no clip at all.
    """
    refused = [refusal for line in prepared for refusal in line.refused]
    report = folder / "refused.txt"
    report.write_text("".join(f"{refusal}\n" for refusal in refused), encoding="utf-8")
    if not any(line.clips for line in prepared):
        raise MultiTalkError(f"No clip could be prepared, the first for this reason: {refused[0]}")
    shown = [str(refusal) for refusal in refused[:MOST_SHOWN]]
    if len(refused) > MOST_SHOWN:
        shown.append(f"and {len(refused) - MOST_SHOWN} more, in {report}")
    lines = {
        "clips": f"{sum(line.clips for line in prepared)} of {len(prepared)} videos, in {folder}",
        "refused": "\n          ".join(shown) or "nothing",
    }
    if told:
        lines["folder"] = "\n          ".join(told)
    return lines

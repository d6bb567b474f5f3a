"""The command `prepare`: encode videos and voices once, for training."""

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
from .library_loading import loading_libraries
from .options.limited_number import within
from .options.paths import folder_path, input_file, input_folder_or_file
from .options.types import frame_count, size, text

if TYPE_CHECKING:
    from ..audio.features import AudioEncoder
    from ..hosts.diffusers.models import Models
    from ..training.prepared_folder import Prepared

MOST_SHOWN = 8  # refusals
WRITTEN = ("settings.json", "refused.txt", "lines/*", "shard-*")

DESCRIPTION = """\
Cut videos into clips and encode them once, for `train`: latents, conditioning
frames, captions, audio features and person masks. To continue a run that was
stopped or killed, run the same command again."""

MANIFEST = """\
the manifest: one line of JSON per video; paths are relative to its folder
  {"video": "talk.mp4", "voices": ["anna.wav", "ben.wav"],
   "boxes": [[64, 56, 300, 400], [340, 50, 576, 400]], "caption": "Two friends talk."}
  Each voice is the track of one person, as long as the video. Boxes are in
  pixels of the video. Instead of "boxes", "masks" names one picture per person,
  white on the person. Both apply to the whole video. Without them, people are
  detected by their faces in the first frame of every clip, left to right.
  Clips for the image-to-video task have no voices: put them in a manifest and a
  folder of their own.

Videos at other frame rates are resampled to 25 frames per second, taking the
nearest frames; videos below 23.9 are refused. Everything that is refused is
listed at the end, with the reason, and in FOLDER/refused.txt."""


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
    parser.add_argument(
        "manifest", type=input_file, metavar="MANIFEST.jsonl", help="list of the videos, see below"
    )
    parser.add_argument("folder", type=folder_path, help="output folder for the shards of clips")
    sizes = parser.add_mutually_exclusive_group()
    sizes.add_argument(
        "--size", type=size, metavar="WxH", help="width and height of all clips in pixels, divisible by 16"
    )
    sizes.add_argument(
        "--resolution",
        type=int,
        choices=(480, 720),
        default=480,
        help="use the trained size closest to each video's aspect ratio (default: %(default)s)",
    )
    parser.add_argument(
        "--clip-frames",
        type=frame_count(CLIP_FRAMES),
        default=81,
        metavar="N",
        help="frames per clip, 4n + 1 (default: %(default)s)",
    )
    parser.add_argument(
        "--motion-frames",
        type=frame_count(MOTION_FRAMES),
        default=5,
        metavar="N",
        help="number of frames that condition the start of a clip that continues another, 4n + 1 "
        "(default: %(default)s)",
    )
    parser.add_argument(
        "--motion-share",
        type=within(FRACTION),
        default=0.5,
        metavar="0..1",
        help="share of the clips, drawn with --seed, that are conditioned on their motion frames; the others "
        "are conditioned on their first frame (default: %(default)s; the paper does not say)",
    )
    parser.add_argument(
        "--cartoon-faces",
        action="store_true",
        help="record the faces of cartoon people drawn like the demo's, so that `train` can measure how "
        "their mouths follow their voices",
    )
    parser.add_argument(
        "--seed", type=within(SEED), default=0, metavar="N", help="seed of --motion-share (default: 0)"
    )
    models = parser.add_argument_group("models")
    models.add_argument(
        "--model",
        type=input_folder_or_file,
        metavar="FOLDER",
        help="folder of Wan2.1-I2V in diffusers format (default: the shipped miniature model)",
    )
    models.add_argument(
        "--audio-encoder",
        type=input_folder_or_file,
        metavar="PATH",
        help="wav2vec2 folder or .safetensors (required with --model)",
    )
    models.add_argument(
        "--ignore-memory",
        action="store_true",
        help="skip the check that this machine has enough main memory",
    )
    models.add_argument(
        "--device",
        type=text,
        help="cpu, cuda, cuda:1, mps … (default: cuda if available with --model, else cpu)",
    )
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
    notes: list[str] = []
    settings = asdict(cutting) | sources
    with preparing(arguments.folder, settings, notes.append), tqdm(total=len(lines), unit="video") as bar:

        def show(line: int, done: int, of: int) -> None:
            bar.set_description(f"line {line}, clip {done} of {of}")

        prepared = []
        try:
            models, encoder = load(arguments)
            preparation = Preparation(
                folder=arguments.folder,
                models=models,
                encoder=encoder,
                cutting=cutting,
                on_clip=show,
                note=notes.append,
            )
            for line in preparation.run(arguments.manifest):
                prepared.append(line)
                bar.update()
        except KeyboardInterrupt as stopped:
            raise KeyboardInterrupt(
                f"finished shards are in {arguments.folder}; run the same command again to continue."
            ) from stopped
    print_lines(account(arguments.folder, prepared, notes))


def check(arguments: argparse.Namespace, lines: list[tuple[int, str]]) -> None:
    """Check the arguments before anything is encoded.

    Raises
    ------
    MultiTalkError
        For arguments that contradict each other, or a folder whose files would replace an input.
    """
    from .options.model_options import chosen_device

    if arguments.model and not arguments.audio_encoder:
        raise MultiTalkError("--model requires --audio-encoder: give the one that the adapter will use.")
    chosen_device(arguments)
    if arguments.size and not arguments.ignore_memory:
        height, width = arguments.size
        check_memory(
            clip_bytes(arguments.clip_frames, height, width),
            f"A clip of {arguments.clip_frames} frames of {width}×{height}",
            "use fewer --clip-frames or a smaller --size (--ignore-memory skips this check)",
        )
    models = [path for path in (arguments.model, arguments.audio_encoder) if path is not None]
    outputs = chain.from_iterable(arguments.folder.glob(pattern) for pattern in WRITTEN)
    check_inputs_stay(
        outputs, [arguments.manifest, *models, *named_files(arguments.manifest, lines)], "folder"
    )


def named_files(manifest: Path, lines: list[tuple[int, str]]) -> Iterator[Path]:
    """The files that a manifest names; unreadable lines are reported later."""
    for number, line in lines:
        with suppress(MultiTalkError):
            entry = read_entry(number, line, manifest.parent)
            yield from (entry.video, *entry.voices, *entry.masks)


def load(arguments: argparse.Namespace) -> "tuple[Models, AudioEncoder]":
    """Load the models that encode."""
    from ..audio.features import AudioEncoder
    from ..hosts.diffusers.embedded_models import load_embedded
    from ..hosts.diffusers.wan_folder import load_folder
    from .options.model_options import chosen_device, encoder_path

    device = chosen_device(arguments)
    with loading_libraries():  # they come with the models
        encoder = AudioEncoder.load(encoder_path(arguments), device)
        if arguments.model:
            return load_folder(arguments.model, device, transformer=None), encoder
        return load_embedded(device), encoder


def account(folder: Path, prepared: "list[Prepared]", notes: list[str]) -> dict[str, str]:
    """What was prepared and refused, and `notes` on the folder; also writes the refusals to a file.

    Raises
    ------
    MultiTalkError
        When there is no clip at all.
    """
    refused = [refusal for line in prepared for refusal in line.refused]
    report = folder / "refused.txt"
    report.write_text("".join(f"{refusal}\n" for refusal in refused), encoding="utf-8")
    if not any(line.clips for line in prepared):
        raise MultiTalkError(
            f"No clip could be prepared; the first was refused for this reason: {refused[0]}"
        )
    shown = [str(refusal) for refusal in refused[:MOST_SHOWN]]
    if len(refused) > MOST_SHOWN:
        shown.append(f"and {len(refused) - MOST_SHOWN} more, in {report}")
    lines = {
        "clips": f"{sum(line.clips for line in prepared)} from {len(prepared)} videos, in {folder}",
        "refused": "\n          ".join(shown) or "nothing",
    }
    if notes:
        lines["folder"] = "\n          ".join(notes)
    return lines

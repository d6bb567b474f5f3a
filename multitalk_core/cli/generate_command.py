"""The command `generate`: its arguments, and the film they mean."""

import argparse
from typing import TYPE_CHECKING

from ..files.outputs import check_folder, film_bytes
from ..guards.memory import check_memory, clip_bytes
from ..method.labels import LabelRanges
from ..persons.masks import check_speakers
from .options import (
    dubbing_options,
    film_options,
    input_options,
    memory_options,
    model_options,
    output_options,
    person_options,
    retake_options,
    sampling_options,
    script_options,
    seam_options,
    store_options,
    voice_options,
)

if TYPE_CHECKING:
    from ..film.clips import ClipPlan
    from .options.film_files import FilmFiles
    from .planned_film import PlannedFilm

# In the order in which their checks run.
OPTIONS = (
    input_options,
    output_options,
    voice_options,
    person_options,
    film_options,
    dubbing_options,
    sampling_options,
    model_options,
    memory_options,
)

DESCRIPTION = """\
Make a film in which each person in a picture speaks with their own voice.
Drawings beside it show the persons, where the model located them, who speaks
when, and how much the colours drift."""

EXAMPLES = """\
examples:
  two people speak in turn; their faces are detected; miniature model:
    python -m multitalk_core generate --picture two.jpg --voice a.wav --voice b.wav --order in-turn

  the same with the weights of Wan2.1 and MultiTalk, on one card of 24 GB:
    python -m multitalk_core generate --picture two.jpg --voice a.wav --voice b.wav --order in-turn \\
        --prompt "Two friends talk in a kitchen." --model Wan2.1-I2V-14B-480P-Diffusers \\
        --adapter multitalk.safetensors --audio-encoder chinese-wav2vec2-base --offload group

  one recording with a table of turns; persons as boxes:
    python -m multitalk_core generate --picture two.jpg --recording talk.mp3 --table talk.csv \\
        --boxes 40,60,300,480 340,50,620,480

  three people; the second answers at 1.5 s, the third listens:
    python -m multitalk_core generate --picture three.jpg --persons parts \\
        --place 1:0:a.wav --place 2:1.5:b.wav --place 3:0:none

  an input file of MultiTalk's own scripts:
    python -m multitalk_core generate --input examples/multitalk_example_1.json

  two people speak a script, each with a voice of their own:
    python -m multitalk_core generate --picture two.jpg --script talk.txt \\
        --voice-of Anna=en-us+f3 --voice-of Ben=en-us+m3

  dub a video and keep its motion:
    python -m multitalk_core generate --video talk.mp4 --voice a.wav --voice b.wav --denoise 0.4"""


def add_command(commands: argparse._SubParsersAction) -> None:
    """Add the command to the parser."""
    parser = commands.add_parser(
        "generate",
        help="make a film from a picture or a video, and voices",
        usage="%(prog)s (--picture | --video) FILE --voice FILE [--voice FILE ...] [options]\n"
        "       %(prog)s --input FILE [options]",
        description=DESCRIPTION,
        epilog=EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    person_options.add_arguments(parser, required=False)
    input_options.add_arguments(parser)
    voice_options.add_arguments(parser)
    script_options.add_arguments(parser)
    output_options.add_arguments(parser)
    film_options.add_arguments(parser)
    seam_options.add_arguments(parser)
    dubbing_options.add_arguments(parser)
    sampling_options.add_arguments(parser)
    store_options.add_arguments(parser)
    model_options.add_arguments(parser)
    memory_options.add_arguments(parser)
    parser.set_defaults(command=run)


def run(arguments: argparse.Namespace) -> None:
    """Make the films that the arguments describe; all are checked before the first one is made."""
    films = input_options.films(arguments)
    for film in films:
        check(film)
    for film in films:
        _make(film)


def _make(arguments: argparse.Namespace) -> None:
    from .generate import generate

    store = store_options.store(arguments)
    files = output_options.film_files(arguments, store)
    if store is None and arguments.keep:
        print("Clips are not stored, because there is no home folder: name a folder with --store.")
    generate(read_inputs(arguments, files))


def check(arguments: argparse.Namespace) -> None:
    """Raise a MultiTalkError for arguments that do not go together, before any file is read."""
    for part in OPTIONS:
        part.check(arguments)
    speakers = voice_options.known_speakers(arguments)
    if speakers is not None:
        LabelRanges.parse(arguments.label_ranges, speakers)


def read_inputs(arguments: argparse.Namespace, files: "FilmFiles") -> "PlannedFilm":
    """Read all inputs, the quick ones first.

    Raises
    ------
    MultiTalkError
        For whatever cannot be used.
    """
    from ..audio.conversation import encode_conversation
    from ..film.spec import FilmSpec, RecordedStep
    from ..hosts.diffusers.video_model import NEGATIVE_PROMPT, DiffusersVideoModel
    from ..media.picture import resize_and_crop
    from .planned_film import PlannedFilm, computed_with

    timeline = voice_options.read_timeline(arguments)
    picture, video = person_options.read_source(arguments)
    length = dubbing_options.asked_frames(arguments, video)
    height, width = film_options.film_size(arguments, picture)
    plan, prolonged = film_options.plan_film(arguments, timeline, length)
    retakes = store_options.read_retakes(arguments)
    overrides = store_options.read_overrides(arguments, retakes, plan)
    check_room(arguments, plan, (height, width), files=files)
    store_options.check(arguments, height, width)
    persons = person_options.read_persons(arguments, picture, timeline.speakers)
    check_speakers(persons, timeline.speakers)
    binding = sampling_options.binding_options(arguments, persons)
    masks = persons.token_masks(height, width)
    dubbing = dubbing_options.dubbing(
        arguments, video, (height, width), plan=plan, persons=persons, binding=binding
    )
    person_retakes = retake_options.person_retakes(
        arguments, retakes, plan, picture=picture, persons=persons.count, size=(height, width)
    )
    encoder = model_options.load_encoder(arguments)
    if not arguments.ignore_memory:
        voice_options.check_memory(timeline, encoder, fps=arguments.fps, frames=plan.frames)
    timeline = voice_options.driving_voices(arguments, timeline)
    models, adapter = model_options.load(arguments, encoder)
    conversation = encode_conversation(
        timeline,
        encoder,
        fps=arguments.fps,
        frames=length if arguments.ending == "silence" else None,
        normalise=arguments.loudness,
        seconds_per_piece=arguments.seconds_per_piece,
    )
    negative_prompt = arguments.negative_prompt
    if negative_prompt is None:
        negative_prompt = NEGATIVE_PROMPT
    prompts = {"prompt": arguments.prompt, "negative prompt": negative_prompt}
    blocks = adapter.shape.blocks
    spec = FilmSpec(
        picture=resize_and_crop(picture.movedim(-1, 0), height, width).movedim(0, -1),
        masks=masks,
        conversation=conversation,
        plan=plan,
        seed=arguments.seed,
        sampling=sampling_options.sampling_options(arguments, height * width),
        binding=binding,
        seams=seam_options.seam_correction(arguments),
        continuation=arguments.continuation,
        overrides=overrides,
        dubbing=dubbing,
        window=adapter.shape.window,
        prolonged=prolonged,
        recorded=RecordedStep(
            block=blocks[len(blocks) // 2], step=(arguments.recorded_step or arguments.steps) - 1
        ),
        stop_after=None if arguments.stop_after is None else arguments.stop_after - 1,
        store=store_options.film_store(arguments, files),
        identity={
            **computed_with(models),
            **memory_options.identity(arguments),
            **prompts,
            **model_options.signatures(arguments),
        },
        person_retakes=person_retakes,
    )
    model = DiffusersVideoModel(
        models,
        adapter,
        prompt=arguments.prompt,
        negative_prompt=negative_prompt,
        rows_at_once=memory_options.rows_at_once(arguments),
        step_cache=arguments.cache,
    )
    return PlannedFilm(
        spec=spec,
        model=model,
        files=files,
        picture=picture,
        persons=persons,
        retakes=retakes,
        video=video,
    )


def check_room(
    arguments: argparse.Namespace, plan: "ClipPlan", size: tuple[int, int], *, files: "FilmFiles"
) -> None:
    """Refuse a film of this height and width that the disk or the main memory cannot hold."""
    height, width = size
    check_folder(files.film.parent, film_bytes(plan.frames, height, width, fps=arguments.fps))
    if not arguments.ignore_memory:
        frames = plan.clips[0].frames
        dubbed = arguments.video is not None or store_options.retakes_person(arguments)
        check_memory(
            clip_bytes(frames, height, width, dubbed=dubbed),
            f"A clip of {frames} frames of {width}×{height}",
            "use fewer --clip-frames or a smaller --size (--ignore-memory skips this check)",
        )

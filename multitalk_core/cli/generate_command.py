"""The command `generate`: its arguments, and the film they mean."""

import argparse
from typing import TYPE_CHECKING

from ..method.labels import LabelRanges
from .library_loading import loading_libraries
from .options import (
    dubbing_options,
    film_options,
    input_options,
    memory_options,
    model_options,
    origin_options,
    output_options,
    parallel_options,
    person_options,
    sampling_options,
    script_options,
    seam_options,
    store_options,
    voice_options,
)

if TYPE_CHECKING:
    from ..audio.conversation import Conversation
    from ..audio.features import AudioEncoder
    from ..film.spec import FilmSpec, StoreOptions
    from ..film.store import Json
    from ..hosts.diffusers.processes import Processes
    from ..method.adapter_shape import AdapterShape
    from .film_outline import FilmOutline
    from .options.film_files import FilmFiles
    from .planned_film import PlannedFilm

# In the order in which their checks run.
OPTIONS = (
    input_options,
    output_options,
    origin_options,
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
    origin_options.add_arguments(parser)
    model_options.add_arguments(parser)
    memory_options.add_arguments(parser)
    parallel_options.add_arguments(parser)
    parser.set_defaults(command=run)


def run(arguments: argparse.Namespace) -> None:
    """Make the films that the arguments describe; all are checked before the first one is made."""
    parallel_options.check(arguments)
    if parallel_options.follows(arguments):
        _join(arguments)
        return
    films = input_options.films(arguments)
    for film in films:
        check(film)
    with parallel_options.processes(arguments) as processes:
        for film in films:
            _make(film, processes)


def _join(arguments: argparse.Namespace) -> None:
    """Join in the film of another process."""
    from ..hosts.diffusers.joined_passes import join_passes

    with parallel_options.processes(arguments) as processes:
        if processes is None:
            return
        try:
            join_passes(*model_options.load_transformer(arguments), processes)
        except KeyboardInterrupt as interrupt:  # also where torchrun ends this process after another one
            raise KeyboardInterrupt(
                "all processes of the film end; finished clips are stored."
            ) from interrupt


def _make(arguments: argparse.Namespace, processes: "Processes | None") -> None:
    store = store_options.store(arguments)
    files = output_options.film_files(arguments, store)
    if store is None and arguments.keep:
        print("Clips are not stored, because there is no home folder: name a folder with --store.")
    planned = read_inputs(arguments, files, processes)
    with loading_libraries():
        from .generate import generate
    generate(planned)


def check(arguments: argparse.Namespace) -> None:
    """Raise a MultiTalkError for arguments that do not go together, before any file is read."""
    for part in OPTIONS:
        part.check(arguments)
    speakers = voice_options.known_speakers(arguments)
    if speakers is not None:
        LabelRanges.parse(arguments.label_ranges, speakers)


def read_inputs(
    arguments: argparse.Namespace, files: "FilmFiles", processes: "Processes | None" = None
) -> "PlannedFilm":
    """Read all inputs, the quick ones first.

    Raises
    ------
    MultiTalkError
        For whatever cannot be used.
    """
    from .film_outline import read_outline

    outline = read_outline(arguments, files)
    with loading_libraries():
        from ..hosts.diffusers.video_model import NEGATIVE_PROMPT, DiffusersVideoModel
        from .planned_film import PlannedFilm, computed_with
    encoder = model_options.load_encoder(arguments)
    if not arguments.ignore_memory:
        voice_options.check_memory(outline.timeline, encoder, fps=arguments.fps, frames=outline.plan.frames)
    models, adapter = model_options.load(arguments, encoder)
    negative_prompt = arguments.negative_prompt
    if negative_prompt is None:
        negative_prompt = NEGATIVE_PROMPT
    identity = {
        **computed_with(models),
        **memory_options.identity(arguments),
        "prompt": arguments.prompt,
        "negative prompt": negative_prompt,
        **model_options.signatures(arguments),
    }
    spec = _film_spec(
        arguments,
        outline,
        _encode(arguments, outline, encoder),
        shape=adapter.shape,
        store=store_options.film_store(arguments, files),
        identity=identity,
    )
    model = DiffusersVideoModel(
        models,
        adapter,
        prompt=arguments.prompt,
        negative_prompt=negative_prompt,
        rows_at_once=memory_options.rows_at_once(arguments),
        step_cache=arguments.cache,
        processes=processes,
    )
    return PlannedFilm(
        spec=spec,
        model=model,
        files=files,
        picture=outline.picture,
        persons=outline.persons,
        retakes=outline.retakes,
        video=outline.video,
        mark=origin_options.film_mark(arguments),
    )


def _encode(arguments: argparse.Namespace, outline: "FilmOutline", encoder: "AudioEncoder") -> "Conversation":
    from ..audio.conversation import encode_conversation

    return encode_conversation(
        voice_options.driving_voices(arguments, outline.timeline),
        encoder,
        fps=arguments.fps,
        frames=outline.frames if arguments.ending == "silence" else None,
        normalise=arguments.loudness,
        seconds_per_piece=arguments.seconds_per_piece,
    )


def _film_spec(
    arguments: argparse.Namespace,
    outline: "FilmOutline",
    conversation: "Conversation",
    *,
    shape: "AdapterShape",
    store: "StoreOptions | None",
    identity: dict[str, "Json"],
) -> "FilmSpec":
    from ..film.spec import FilmSpec, RecordedStep
    from ..media.picture import resize_and_crop
    from ..persons.face_detector import WEIGHTS

    height, width = outline.size
    recorded_step = arguments.recorded_step or arguments.steps
    return FilmSpec(
        picture=resize_and_crop(outline.picture.movedim(-1, 0), height, width).movedim(0, -1),
        masks=outline.persons.token_masks(height, width),
        conversation=conversation,
        plan=outline.plan,
        seed=arguments.seed,
        sampling=sampling_options.sampling_options(arguments, height * width),
        binding=outline.binding,
        seams=seam_options.seam_correction(arguments),
        continuation=arguments.continuation,
        overrides=outline.overrides,
        dubbing=outline.dubbing,
        window=shape.window,
        prolonged=outline.prolonged,
        recorded=RecordedStep(block=shape.blocks[len(shape.blocks) // 2], step=recorded_step - 1),
        stop_after=None if arguments.stop_after is None else arguments.stop_after - 1,
        store=store,
        identity=identity,
        face_model=(arguments.face_model or WEIGHTS) if arguments.follow_persons else None,
        person_retakes=outline.person_retakes,
    )

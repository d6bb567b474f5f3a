"""The command `evaluate`: scores of films beside references, as JSON, a table and a plot."""

import argparse
import json
from pathlib import Path
from typing import TYPE_CHECKING

from ..errors import MultiTalkError, quoted
from ..evaluation.evaluated_film import EvaluatedFilm, PersonSplit
from ..evaluation.metric import Metric
from ..files.outputs import check_folder, check_inputs_stay, check_replaced, free_name
from ..files.whole import whole_file
from ..media.picture import check_picture_name, write_picture
from .films_to_evaluate import files_read, video_files
from .options import output_options, person_voices
from .options.limited_number import within
from .options.paths import folder_path, input_folder_or_file, input_path, output_file
from .options.types import SPEAKERS, box

if TYPE_CHECKING:
    from ..evaluation.evaluate import Evaluation

DEFAULT = Path("scores.json")
DESCRIPTION = """\
Score films by the paper's measures (FID, FVD, Sync-C, Sync-D, E-FID), by how
well mouths follow their own voices, and by how persons listen. What lacks
weights, references or voices is left out, and the table says so.

Whose voice is whose is read from FILM.json beside FILM.mp4, in the form of
`generate --input` (`benchmark` and `demo` write it), and from the options."""
EPILOG = """\
examples:
  films of the benchmark, two persons each, beside real ones:
    python -m multitalk_core evaluate films --references real --weights measures --plot scores.png

  one film with two voices, without any weights:
    python -m multitalk_core evaluate talk.mp4 --voice a.wav --voice b.wav

  which weights are missing, and original files converted:
    python -m multitalk_core evaluate --weights measures
    python -m multitalk_core evaluate --weights measures --convert-weights downloads

What the numbers mean is in docs/evaluation.md."""


def add_command(commands: argparse._SubParsersAction) -> None:
    """Add the command to the parser."""
    parser = commands.add_parser(
        "evaluate",
        help="score films by the paper's measures and by how persons speak and listen",
        description=DESCRIPTION,
        epilog=EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    parser.add_argument(
        "films", type=input_folder_or_file, nargs="*", metavar="FILMS", help="films, or folders of films"
    )
    parser.add_argument(
        "--references",
        type=input_folder_or_file,
        nargs="+",
        metavar="FILMS",
        help="real films, or folders of them, for fid, fvd and efid",
    )
    parser.add_argument(
        "--metrics",
        choices=Metric.words(),
        nargs="+",
        default=Metric.words(),
        metavar="METRIC",
        help=f"what to compute: {', '.join(Metric.words())} (default: all that can be)",
    )
    parser.add_argument(
        "--weights",
        type=folder_path,
        metavar="FOLDER",
        help="folder of the networks' weights as safetensors; without FILMS, says which are there",
    )
    parser.add_argument(
        "--convert-weights",
        type=input_path,
        metavar="SOURCE",
        help="original weight files, or a folder of them, to convert into --weights first",
    )
    _add_persons(parser)
    parser.add_argument(
        "--output",
        type=output_file,
        metavar="FILE",
        help=f"file for the scores, .json (default: {DEFAULT}, numbered if that exists)",
    )
    parser.add_argument("--plot", type=output_file, metavar="FILE", help="file for a drawing of the scores")
    output_options.add_overwrite(parser)
    parser.set_defaults(command=run)


def _add_persons(parser: argparse.ArgumentParser) -> None:
    group = parser.add_argument_group(
        "persons and voices", "For all FILMS; what is given wins over FILM.json."
    )
    group.add_argument(
        "--split",
        choices=PersonSplit.words(),
        default=PersonSplit.HALVES,
        help="halves: two persons are the left and the right half of the film (paper A.1); persons: each is "
        "followed by their face (default: %(default)s)",
    )
    group.add_argument(
        "--persons",
        type=within(SPEAKERS),
        help="how many persons each film shows, where neither voices nor boxes say it; with 1, the film's "
        "sound is their voice",
    )
    person_voices.add_arguments(group)
    group.add_argument(
        "--boxes",
        type=box,
        nargs="+",
        metavar="LEFT,TOP,RIGHT,BOTTOM",
        help="one rectangle per person around their face, in pixels of the film",
    )


def run(arguments: argparse.Namespace) -> None:
    """Write the scores and print them.

    Raises
    ------
    MultiTalkError
        When nothing can be scored, and, once all else is written, when a film could not be.
    """
    from .score_report import described_evaluation, plot, table
    from .weights_report import convert_weights, print_weights

    if arguments.convert_weights is not None:
        convert_weights(arguments.convert_weights, arguments.weights)
    if not arguments.films:
        print_weights(arguments.weights)
        return
    output = _output(arguments)
    evaluation, failed = _evaluated(arguments)
    described = described_evaluation(evaluation, failed)
    with whole_file(output) as part:
        part.write_text(json.dumps(described, indent=2, allow_nan=False) + "\n")
    lines = [*table(evaluation), *evaluation.remarks, *failed.values(), f"scores: {output}"]
    print(*lines, sep="\n")
    if not evaluation.scores:
        raise MultiTalkError("Nothing could be scored: the lines above say why.")
    if arguments.plot is not None:
        write_picture(arguments.plot, plot(evaluation))
        print(f"plot: {arguments.plot}")
    if failed:
        raise MultiTalkError(f"{len(failed)} of the films could not be scored: the lines above say why.")


def _evaluated(arguments: argparse.Namespace) -> tuple["Evaluation", dict[Path, str]]:
    """The evaluation, and why some films are not part of it."""
    from tqdm import tqdm

    from ..evaluation.evaluate import evaluate
    from ..evaluation.measure_networks import MeasureNetworks
    from .films_to_evaluate import all_frames, evaluated_film

    metrics = [Metric(word) for word in arguments.metrics]
    networks = MeasureNetworks.load(arguments.weights, set(metrics))
    films: list[EvaluatedFilm] = []
    failed: dict[Path, str] = {}
    for path in video_files(arguments.films):
        try:
            films.append(evaluated_film(path, arguments))
        except MultiTalkError as error:
            failed[path] = str(error)
    if not films:
        raise MultiTalkError(f"No film can be scored. {' '.join(failed.values())}")
    persons = arguments.persons or max((film.count or 0 for film in films), default=0) or None
    compared = [] if arguments.references is None else video_files(arguments.references)
    references = [EvaluatedFilm(path=path, persons=persons) for path in compared]
    total = all_frames([film.path for film in (*films, *references)])
    with tqdm(total=total, unit="frame", dynamic_ncols=True) as bar:
        evaluation = evaluate(
            films,
            references,
            metrics=metrics,
            networks=networks,
            split=arguments.split,
            advance=bar.update,
        )
    return evaluation, failed | evaluation.failed


def _output(arguments: argparse.Namespace) -> Path:
    """The file for the scores; neither it nor the plot is one of the inputs."""
    output = arguments.output or free_name(DEFAULT)
    if output.suffix.lower() != ".json":
        raise MultiTalkError(f"The scores {quoted(output)} must be a .json file: change the name.")
    written = [output]
    if arguments.plot is not None:
        check_picture_name(arguments.plot)
        written.append(arguments.plot)
    for path in written:
        check_folder(path.parent)
    check_inputs_stay(written, files_read(video_files(arguments.films), arguments), "--output")
    check_replaced(written, arguments.overwrite)
    return output

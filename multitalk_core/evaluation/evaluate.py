"""Scores of films: the paper's measures (4.1, A.1), how mouths follow voices, and how persons listen."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from ..errors import MultiTalkError
from ..persons.face_detector import FaceDetector
from .evaluated_film import EvaluatedFilm, PersonSplit
from .film_measurer import FilmMeasurer
from .film_measures import FilmMeasures
from .measure_networks import MeasureNetworks
from .metric import COMPARED, Metric, in_order
from .score import Score
from .scoring_films import scores_of

Advance = Callable[[int], None]


@dataclass(frozen=True, eq=False)
class Evaluation:
    """What `evaluate` found.

    Attributes
    ----------
    split : PersonSplit
    scores : tuple of Score
        The lines of the table.
    films, references : tuple of FilmMeasures
        Those that could be measured.
    failed : dict of Path to str
        Why the others could not.
    remarks : tuple of str
        What is left out and what to know, a sentence each.
    """

    split: PersonSplit
    scores: tuple[Score, ...]
    films: tuple[FilmMeasures, ...]
    references: tuple[FilmMeasures, ...]
    failed: dict[Path, str]
    remarks: tuple[str, ...]


def evaluate(
    films: Sequence[EvaluatedFilm],
    references: Sequence[EvaluatedFilm] = (),
    *,
    metrics: Sequence[Metric | str] = tuple(Metric),
    networks: MeasureNetworks | None = None,
    split: PersonSplit | str = PersonSplit.HALVES,
    detector: FaceDetector | None = None,
    advance: Advance = lambda frames: None,
) -> Evaluation:
    """Measure films and compare them with references.

    What lacks references, weights or voices is left out, and `remarks` say so.

    Parameters
    ----------
    films : sequence of EvaluatedFilm
    references : sequence of EvaluatedFilm
        Real films, for FID, FVD and E-FID.
    metrics : sequence of Metric or str
    networks : MeasureNetworks, optional
        From `MeasureNetworks.load`; without them, binding and interaction alone are computed.
    split : PersonSplit or str
        Two persons as the left and the right half, or every person by their face.
    detector : FaceDetector, optional
        By default the one that comes with the package.
    advance : callable
        Called with a number of frames when they are measured; raises to stop.

    Returns
    -------
    Evaluation

    Raises
    ------
    MultiTalkError
        For an unknown metric or split, and when no film can be measured.
    """
    split, asked = PersonSplit(split), {Metric(metric) for metric in metrics}
    networks = (networks or MeasureNetworks()).chosen(asked)
    remarks = [*networks.lacking.values(), *networks.notes]
    usable = asked - networks.lacking.keys()
    if not references and usable & COMPARED:
        remarks.append(f"{_listed(usable & COMPARED)} need references: give a folder of real films.")
        usable -= COMPARED
    if not usable:
        raise MultiTalkError(f"Nothing can be measured. {' '.join(remarks)}")
    detector, failed = detector or FaceDetector(), {}

    def measured(those: Sequence[EvaluatedFilm], what: set[Metric]) -> tuple[FilmMeasures, ...]:
        measurer = FilmMeasurer(what, networks.chosen(what), split, detector=detector, advance=advance)
        done = []
        for film in those:
            try:
                done.append(measurer.measure(film))
            except MultiTalkError as error:
                failed[film.path] = str(error)
        return tuple(done)

    own = measured(films, usable)
    if not own:
        raise MultiTalkError(f"No film could be measured. {next(iter(failed.values()), '')}".strip())
    others = measured(references, usable & COMPARED) if usable & COMPARED else ()
    scores, notes = scores_of(own, others, in_order(usable))
    for film in (*own, *others):
        remarks += film.remarks
    return Evaluation(split, tuple(scores), own, others, failed, (*remarks, *notes))


def _listed(metrics: set[Metric]) -> str:
    return ", ".join(in_order(metrics))

"""The measures of docs/results.md: films beside each other, other localizations, a page without numbers."""

import json
import re
import shutil

import pytest
import torch

from multitalk_core.method.audio_patch import BindingOptions
from multitalk_core.method.labels import spread_ranges
from multitalk_core.method.schemes import SCHEMES
from multitalk_core.toy_world.apart import APART_PICTURE, halves, seam
from multitalk_core.toy_world.relocating import LOCALIZATIONS, relocated
from multitalk_core.toy_world.report import NOT_YET, TABLES, write_report
from multitalk_core.toy_world.results import NUMBERS, measures, numbers, read_results
from multitalk_core.toy_world.scoring import measure
from multitalk_core.toy_world.talks import UNSEEN_SEEDS, Kind, Size, random_talk
from multitalk_core.toy_world.tracks import silent_track
from multitalk_core.toy_world.world import World

SIZE, HALF = Size(13, 64, 96), Size(13, 64, 48)
BLOCKS, TOKENS = 4, 4 * 4 * 6
needs_espeak = pytest.mark.skipif(shutil.which("espeak-ng") is None, reason="espeak-ng is not installed")


@needs_espeak
def test_two_drawn_films_beside_each_other_are_the_drawn_film_of_both():
    talk = random_talk(UNSEEN_SEEDS, SIZE, Kind(), sway=0.0)
    both, beside = talk.film(SIZE), torch.cat([half.film(HALF) for half in halves(talk)], dim=2)
    assert beside.shape == both.shape
    differing = ((both - beside).abs().amax(-1) > 0.05).any(0).any(0).nonzero().flatten()
    assert all(abs(column - 48) < 8 for column in differing.tolist()), (
        "only where a shoulder crosses the middle"
    )
    assert seam(both) < 0.1
    both[:, :, 48:] *= 0.8
    assert seam(both) > 5


@needs_espeak
def test_the_last_of_the_speakers_listens():
    talk = random_talk(UNSEEN_SEEDS, SIZE, Kind(persons=(3,), listeners=1), sway=0.0)
    silent = [track == silent_track() for track in talk.tracks]
    assert silent == [False, False, True] and not talk.openness(13)[2].any()


@needs_espeak
@pytest.mark.parametrize("kind", LOCALIZATIONS)
def test_another_localization_is_known_by_its_name_for_a_while_and_starts_again_with_each_talk(kind):
    talk = random_talk(UNSEEN_SEEDS, SIZE, Kind(crossing=1.0), sway=0.0)
    generator = torch.Generator().manual_seed(0)
    similarity = torch.rand(2 * BLOCKS, 1, 3, TOKENS, generator=generator)
    ranges = spread_ranges(2).on(torch.device("cpu"))
    films = []
    with relocated(kind.name, SIZE, BLOCKS) as scheme:
        BindingOptions(scheme=kind.name)
        for _ in range(2):
            scheme.begin(talk)
            films.append([scheme.bind_located(part, ranges).labels.tokens for part in similarity])
    assert kind.name not in SCHEMES
    assert all(torch.equal(first, again) for first, again in zip(*films, strict=True))
    paper = SCHEMES["l-rope"].bind_located(similarity[-1], ranges).labels.tokens
    assert films[0][-1].shape == paper.shape and not torch.equal(films[0][-1], paper)


def test_every_measure_films_with_a_stage_that_can_be_trained():
    assert {wanted.stage for wanted in measures().values()} <= {None, *World().stages}


def test_the_picture_of_two_films_is_shown_once_it_is_drawn():
    apart = TABLES["apart"]
    assert f"]({APART_PICTURE})\n" in apart({"apart": {"picture": APART_PICTURE}})
    assert APART_PICTURE not in apart({})


@needs_espeak
def test_a_page_says_what_is_not_measured_yet_or_was_before_there_were_these_numbers(tmp_path):
    measured = numbers(measure(None, Kind(), talks=2, size=SIZE, sway=0.02))
    old = {name: value for name, value in measured.items() if name not in ("looks", "seam")}
    results = {"two talking": measured, "real talking": old, "localization": {"shares": [[1.0]]}}
    (tmp_path / "results.json").write_text(json.dumps(results))
    assert measured.keys() == NUMBERS and [*read_results(tmp_path / "results.json")] == ["two talking"]
    page = tmp_path / "results.md"
    page.write_text("".join(f"<!-- {name} -->\nold\n<!-- end -->\nby hand\n" for name in TABLES))
    write_report(tmp_path, page)
    tables = dict(zip(TABLES, page.read_text().split("by hand\n"), strict=False))
    assert "old" not in page.read_text() and {file.suffix for file in tmp_path.iterdir()} == {".json", ".md"}
    for name in ("prompts", "three", "alone", "located", "later", "listening"):
        assert "Not measured yet." in tables[name] and "|" not in tables[name], name
    assert re.search(rf"\| l-rope \| \+[\d.]+ \(.*\) \| {NOT_YET} \|", tables["schemes"])
    (shown,) = re.findall(r"\| l-rope \| (.*) \|", tables["looks"])
    assert all(float(value.strip("%")) < 1 for value in shown.split(" | "))

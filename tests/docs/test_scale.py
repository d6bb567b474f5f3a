"""The plan of docs/scale.md holds together, and its simulated days keep to what is known of queues."""

import re
from dataclasses import replace
from itertools import pairwise

import pytest
import simpy
from PIL import Image

from multitalk_core.limits import MINUTE_GIGABYTES
from tools.gpu_day.cards import CARDS, card_named
from tools.gpu_day.model_size import SIZES
from tools.scale import inputs, scale_page
from tools.scale.film_minute import PLANNED, SETTINGS, clips_of, minute_seconds, pass_seconds
from tools.scale.plant import HOUR, LENGTHS, Arrivals, Failures, planned_plant
from tools.scale.scenarios import clips_in_flight, limits, scenarios
from tools.scale.shared_link import SharedLink
from tools.scale.simulation import Farm

SAFE = Failures(crash=1e12, node=1e12, bad=0.0)


def steady(**changes):
    """The planned plant without the wave of a day, and without failures."""
    plant = planned_plant()
    arrivals = Arrivals(a_day=plant.arrivals.a_day)
    return replace(plant, **{"arrivals": arrivals, "failures": SAFE} | changes)


def ran(plant, hours, *, gpus=16, seed=1):
    return Farm(plant.part(gpus), seed).run(hours)


def test_the_page_is_what_the_tool_writes():
    page = scale_page.PAGE.read_text()
    for name, text in scale_page.computed().items():
        assert scale_page.block(page, name) == text, f"{name}: run `python tools/scale.py --write`"


def test_the_simulated_days_are_of_these_figures():
    table = scale_page.block(scale_page.PAGE.read_text(), "simulation")
    assert f"digest {scale_page.digest()}." in table, "run `python tools/scale.py --write`"
    assert all(f"| {scenario.title} |" in table for scenario in scenarios())
    with Image.open(scale_page.PLOT) as plot:
        assert plot.size == (1280, 580)


def test_days_of_other_clips_are_others(monkeypatch):
    before = scale_page.digest()
    monkeypatch.setattr(scale_page, "clips_of", lambda seconds: 1)
    assert scale_page.digest() != before


def test_every_input_says_where_it_comes_from():
    for name, value in scale_page._inputs():
        assert value > 0 and value.unit and value.source and value.kind in inputs.Kind, name


def test_a_minute_is_its_clips_times_their_passes():
    assert clips_of(60) == 20  # 81 frames, then 19 times 76 new ones: 1525 of 1500
    assert sum(length * share for length, share in LENGTHS.items()) == 60
    assert [setting.passes for setting in SETTINGS] == [120, 120, 16, 8, 120, 8]
    for card in CARDS:
        stages = minute_seconds(PLANNED, card)
        assert stages["DiT"] == pytest.approx(20 * 8 * pass_seconds(SIZES["480"], card))
        assert sum(stages.values()) < 1.5 * stages["DiT"]


def test_the_farm_asks_for_the_room_that_the_plan_counts():
    minute = clips_of(60) * inputs.CLIP_BYTES / 1e9
    assert 0.9 * MINUTE_GIGABYTES < minute <= MINUTE_GIGABYTES


def test_more_work_takes_more_seconds_and_a_faster_card_fewer():
    a100, h100 = card_named("A100"), card_named("H100")
    whole, cached, eight, four, large, _ = [sum(minute_seconds(each, h100).values()) for each in SETTINGS]
    assert large > whole > cached > eight > four
    for setting in SETTINGS:
        assert sum(minute_seconds(setting, a100).values()) > sum(minute_seconds(setting, h100).values())


def test_the_plan_has_as_many_gpus_as_it_says():
    plant = planned_plant()
    assert plant.gpus % int(inputs.NODE) == 0 and plant.farms * int(inputs.FARM) == plant.gpus
    assert inputs.BUSY * 0.95 < plant.load <= inputs.BUSY
    assert plant.gpus / plant.farms < min(limits(plant).values())
    assert plant.gpus < limits(plant)["the store's bandwidth"]


def test_bandwidth_is_divided_among_those_that_use_it():
    env = simpy.Environment()
    link, ends = SharedLink(env, total=10, each=6), {}

    def moved(name, begin, size):
        yield env.timeout(begin)
        yield link.transfer(size)
        ends[name] = env.now

    for name, begin, size in (("first", 0, 90), ("second", 5, 50), ("empty", 6, 0)):
        env.process(moved(name, begin, size))
    env.run()
    # 6 a second alone, 5 a second each for two: 30 + 50 = 80 at 15, the rest alone.
    assert ends == {"empty": 6, "second": 15, "first": pytest.approx(15 + 10 / 6)}
    assert link.bytes == 140 and link.transfers == 0


def test_waits_of_one_gpu_are_those_of_the_textbook():
    """Pollaczek and Khinchine: Poisson arrivals, one server, any length of service."""
    plant = steady()
    rate = 0.6 / plant.mean_seconds
    one = replace(plant.part(1), arrivals=Arrivals(a_day=rate * 86_400), bandwidth=plant.bandwidth)
    waits = Farm(one, 3).run(2500).waits()
    squares = sum(share * one.seconds_of(length) ** 2 for length, share in LENGTHS.items())
    expected = rate * squares / 2 / (1 - 0.6)
    assert sum(waits) / len(waits) == pytest.approx(expected, rel=0.15)


def test_gpus_are_busy_as_the_load_says():
    plant = steady()
    outcome = ran(plant, 24)
    made = plant.clip / (plant.clip + plant.listing + plant.clip_bytes / plant.link)
    came = len(outcome.films) / outcome.plant.arrivals.a_day  # chance has its share
    assert outcome.busy == pytest.approx(plant.load * made * came, rel=0.05)
    assert outcome.busy < 1 and not outcome.failed
    stored = [sample.stored for sample in outcome.samples[12:]]
    expected = outcome.plant.gpus * plant.load * clips_in_flight() * plant.clip_bytes
    assert sum(stored) / len(stored) == pytest.approx(expected, rel=0.1)


def test_half_the_gpus_are_never_done():
    outcome = ran(steady(gpus=planned_plant().gpus // 2), 24)
    waiting = [outcome.samples[at].waiting for at in (36, 72, 108, 143)]
    growth = [new - old for old, new in pairwise(waiting)]
    assert all(more > 0.5 * growth[0] > 0 for more in growth)
    assert outcome.busy > 0.95
    assert outcome.samples[-1].making <= outcome.plant.gpus


@pytest.mark.parametrize("seed", range(3))
def test_every_film_is_delivered_once_whatever_fails(seed):
    """Servers crash every half hour, nodes fail twice a day, all restart at once, the driver goes away."""
    worst = Failures(
        crash=HOUR / 2, node=12 * HOUR, repair=HOUR, bad=0.05, all_at=3 * HOUR, driver_away=(2 * HOUR, 600)
    )
    arrivals = Arrivals(a_day=4e5, bursts=((6, 1000, 0),))  # none after 6, and 14 hours to finish
    outcome = ran(steady(failures=worst, arrivals=arrivals), 20, seed=seed)
    assert outcome.crashes > 100 and outcome.node_failures > 0
    failed = {id(film) for film in outcome.failed}
    for film in outcome.films:
        assert len(film.delivered) == (id(film) not in failed)
        assert film.stored == film.clips or id(film) in failed
    assert len(failed) == len(outcome.failed) < len(outcome.films)
    assert all(film.bad or film.losses == inputs.RETRIES + 1 for film in outcome.failed)
    clips = sum(film.stored for film in outcome.films)
    assert outcome.useful == pytest.approx(clips * outcome.plant.clip)
    assert outcome.samples[-1].waiting == outcome.samples[-1].making == outcome.samples[-1].transfers == 0
    assert abs(outcome.samples[-1].stored) < 1
    losses = sum(film.losses for film in outcome.films)
    assert outcome.lost <= losses * (outcome.plant.clip + outcome.plant.listing + 1)


def test_a_part_behaves_as_a_larger_part():
    plant = planned_plant()
    small, large = (ran(plant, 24, gpus=gpus) for gpus in (16, 64))
    hours = small.hours * HOUR
    assert small.busy == pytest.approx(large.busy, rel=0.06)
    assert small.driver / hours == pytest.approx(large.driver / hours, rel=0.1)
    assert small.bytes / small.plant.gpus == pytest.approx(large.bytes / large.plant.gpus, rel=0.1)
    assert sum(small.waits()) / len(small.films) > sum(large.waits()) / len(large.films)


def test_one_driver_is_full_where_the_table_says():
    plant = steady(stores=10**6, bandwidth=1e15)  # else these are full before the driver
    for times, follows in ((0.8, True), (1.3, False)):
        gpus = limits(plant)["one driver"] * times
        farm = replace(plant.grown(gpus / plant.gpus), farms=1)
        outcome = ran(farm, 8)
        busy = outcome.driver / 8 / HOUR
        assert (busy < 0.9) is follows
        assert (outcome.samples[-1].waiting < outcome.plant.gpus / 2) is follows


def test_a_driver_costs_what_was_measured():
    """Each line of the page's table: waits for all servers, and the reports that come from them."""
    lines = re.findall(
        r"\| ([\d,]+) servers, .*every (\S+?)(?: s|cond) .* ([\d.]+) ms \|", scale_page.PAGE.read_text()
    )
    assert len(lines) == 8
    for servers, every, milliseconds in lines:
        number = int(servers.replace(",", ""))
        reports = number / (1 if every == "se" else float(every))
        driver = replace(steady(), gpus=number, farms=1)
        assert driver.waits / reports + inputs.REPORT == pytest.approx(float(milliseconds) / 1000, rel=0.2)


def test_the_same_seed_is_the_same_day():
    days = [ran(planned_plant(), 6, gpus=8, seed=seed) for seed in (5, 5, 6)]
    assert days[0].samples == days[1].samples != days[2].samples
    assert days[0].waits() == days[1].waits()

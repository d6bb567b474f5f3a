"""Singing to music: mouths that are driven by the mix, and by the vocals alone.

    python -m tests.bench_vocals [--songs 6] [--frames 45]

Two cartoon people whom the demo's model has never seen sing to one accompaniment: each voice is a mix of
their own vocals and the music. The vocals are the true stems, as separation weights were not at hand;
docs/script.md says what the columns mean.
"""

import argparse
from dataclasses import replace

import numpy as np
import torch
from torch import Tensor

from multitalk_core.audio.conversation import encode_conversation
from multitalk_core.audio.driven_timeline import driven_by
from multitalk_core.audio.timeline import Timeline
from multitalk_core.audio.waveform import SPEECH_RATE, Waveform
from multitalk_core.evaluation.binding_score import binding_score
from multitalk_core.evaluation.mouth_openness import CartoonFace, follow_faces, mouth_openness
from multitalk_core.film.clips import plan_clips
from multitalk_core.film.film import make_film
from multitalk_core.film.seams import SeamCorrection
from multitalk_core.film.spec import Continuation
from multitalk_core.hosts.diffusers.video_model import DiffusersVideoModel
from multitalk_core.persons.box import Box
from multitalk_core.persons.marking import PersonOrder, persons_from_boxes
from multitalk_core.toy_world.captions import caption
from multitalk_core.toy_world.talks import UNSEEN_SEEDS, Kind, Size, Talk, random_talk

from .bench_steadiness import print_head
from .helpers.demo_film import DemoFilm

FPS = 25
FIRST_SEED = UNSEEN_SEEDS + 9000
STEM = None  # in place of a level: the vocals alone drive the mouths, whatever the music
LEVELS = (STEM, -6, 0, 6)  # decibels of the music over the vocals
CHORDS = ((220.0, 277.2, 329.6), (246.9, 311.1, 370.0), (196.0, 246.9, 293.7))  # hertz
CHORD_SECONDS, BEAT_SECONDS, BEAT_DECAY = 0.5, 0.25, 25.0


def music(seconds: float, seed: int) -> np.ndarray:
    """Chords and beats, [samples] with an RMS of 1."""
    rng = np.random.default_rng(seed)
    times = np.arange(round(seconds * SPEECH_RATE)) / SPEECH_RATE
    chords = rng.integers(len(CHORDS), size=int(seconds / CHORD_SECONDS) + 1)
    pitches = np.array(CHORDS)[chords[(times / CHORD_SECONDS).astype(int)]]
    harmony = sum(np.sin(2 * np.pi * pitches.T * times * part) / part for part in (1, 2, 3)).sum(0)
    beats = rng.standard_normal(len(times)) * np.exp(-BEAT_DECAY * (times % BEAT_SECONDS)) * 4
    made = harmony + beats
    return made / np.sqrt(np.mean(made**2))


def vocals_of(talk: Talk, frames: int) -> list[np.ndarray]:
    """The true stems, [samples] each."""
    return [
        track.samples[start * SPEECH_RATE // FPS : (start + frames) * SPEECH_RATE // FPS]
        for track, start in zip(talk.tracks, talk.starts, strict=True)
    ]


def sung(film: DemoFilm, talk: Talk, size: Size, *, seed: int, level: int | None) -> Tensor:
    """The frames of a song, driven by the mix of this level or by the stem."""
    stems = vocals_of(talk, size.frames)
    backing = music(size.frames / FPS, seed)
    voices = []
    for stem in stems:
        gain = 10 ** ((level or 0) / 20) * float(np.sqrt(np.mean(stem**2)))
        voices.append(Waveform((stem + gain * backing).astype(np.float32)[None], SPEECH_RATE))
    timeline = Timeline.together(voices)
    if level is STEM:
        true = {voice: Waveform(stem[None], SPEECH_RATE) for voice, stem in zip(voices, stems, strict=True)}
        timeline = driven_by(timeline, true.__getitem__)
    boxes = [Box(*(edge * size.height for edge in box)) for box in talk.scene.boxes()]
    persons = persons_from_boxes(boxes, size.height, size.width, order=PersonOrder.GIVEN)
    spec = replace(
        film.spec,
        picture=talk.film(size)[0],
        masks=persons.token_masks(size.height, size.width),
        conversation=encode_conversation(timeline, film.encoder, frames=size.frames),
        plan=plan_clips(size.frames, film.clip_frames, film.overlap),
        continuation=Continuation.INFINITETALK,
        seams=SeamCorrection(),
        recorded=None,
    )
    model = DiffusersVideoModel(film.model.models, film.model.adapter, prompt=caption(talk.scene))
    return torch.cat([clip.frames for clip in make_film(spec, model)])


def main() -> None:
    """Print a row for the vocals alone, and for the mix with each level of the music."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--songs", type=int, default=6)
    parser.add_argument("--frames", type=int, default=45)
    options = parser.parse_args()
    torch.set_num_threads(1)
    film = DemoFilm()
    size = Size(options.frames, *film.spec.size)
    seeds = range(FIRST_SEED, FIRST_SEED + options.songs)
    talks = {seed: random_talk(seed, size, Kind(), sway=0.0, given=1) for seed in seeds}
    print_head(["driven by", "own vocals", "other's vocals", "own − other"])
    for level in LEVELS:
        mouths, voices = [], []
        for seed, talk in talks.items():
            frames = sung(film, talk, size, seed=seed, level=level)
            faces = [CartoonFace(person.x, person.y, person.size) for person in talk.scene.persons]
            mouths.append(mouth_openness(frames, faces, follow_faces(frames, faces)))
            voices.append(talk.openness(len(frames)))
        score = binding_score(mouths, voices, block_frames=13)
        driver = "the vocals alone" if level is STEM else f"the mix, music at {level:+d} dB"
        print(f"| {driver} | {score.own} | {score.other} | {score.difference} |", flush=True)


if __name__ == "__main__":
    main()

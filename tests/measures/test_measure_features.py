"""Features of frames, clips and faces: their forms, batches and progress, and what is refused."""

from pathlib import Path

import pytest
import torch

from golden_metric_inputs import GoldenMetrics
from multitalk_core.errors import MultiTalkError
from multitalk_core.measures import fid, syncnet
from multitalk_core.measures.cepstrum import cepstral_coefficients
from multitalk_core.measures.expression import ExpressionNet
from multitalk_core.measures.face_crop import crop_track
from multitalk_core.measures.face_finder import FaceFinder
from multitalk_core.measures.fid import Fid
from multitalk_core.measures.fvd import Fvd
from multitalk_core.measures.syncnet import SyncNet

GOLDEN = GoldenMetrics(Path(__file__).parents[1] / "golden_metrics")


def frames(count: int, height: int, width: int, *, seed: int = 0) -> torch.Tensor:
    generator = torch.Generator().manual_seed(seed)
    return torch.randint(256, (count, height, width, 3), dtype=torch.uint8, generator=generator)


@pytest.fixture(scope="module")
def lips() -> SyncNet:
    return SyncNet(GOLDEN.weights("syncnet"))


def test_batches_change_nothing_and_are_reported(monkeypatch):
    network, reported = Fid(GOLDEN.weights("inception")), []
    pictures = frames(2, 40, 30)
    together = network.features(pictures)
    monkeypatch.setattr(fid, "BATCH", 1)
    apart = network.features(pictures, progress=lambda done, of: reported.append((done, of)))
    assert together.shape == (2, 2048) and together.dtype == torch.float32
    assert torch.allclose(together, apart, rtol=1e-5, atol=1e-6)
    assert reported == [(1, 2), (2, 2)]


def test_progress_may_stop(lips):
    def stop(done: int, of: int) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        lips.score(frames(7, 224, 224), torch.zeros(16000, dtype=torch.int16), progress=stop)


def test_batches_of_windows_change_nothing(lips, monkeypatch):
    face, sound = frames(12, 224, 224), torch.arange(12 * 640, dtype=torch.int16)
    together = lips.score(face, sound)
    monkeypatch.setattr(syncnet, "BATCH", 3)
    apart = lips.score(face, sound)
    assert together.windows == apart.windows == 7 and together.offset == apart.offset
    assert together.distance == pytest.approx(apart.distance, rel=1e-5)


def test_what_is_longer_is_cut(lips):
    face, sound = frames(9, 224, 224), torch.arange(16000, dtype=torch.int16)
    score = lips.score(face[:7], sound[: 7 * 640])
    assert lips.score(face, sound[: 7 * 640]) == lips.score(face[:7], sound) == score and score.windows == 2


def test_silence_and_a_black_face_have_a_score(lips):
    score = lips.score(frames(6, 224, 224) * 0, torch.zeros(9999, dtype=torch.int16))
    assert score.windows == 1 and score.distance > 0 and score.confidence >= 0


@pytest.mark.parametrize(
    ("face", "sound", "sentence"),
    [
        (frames(5, 224, 224), torch.zeros(64000, dtype=torch.int16), "at least 6 frames"),
        (frames(60, 224, 224), torch.zeros(3839, dtype=torch.int16), "3839 samples"),
        (frames(60, 224, 224), torch.zeros(0, dtype=torch.int16), "0 samples"),
        (frames(60, 128, 128), torch.zeros(64000, dtype=torch.int16), "224, 224, 3"),
        (frames(6, 224, 224).float(), torch.zeros(64000, dtype=torch.int16), "float32"),
        (frames(6, 224, 224), torch.zeros(64000), "int16"),
        (frames(6, 224, 224), torch.zeros(64000, 2, dtype=torch.int16), "mono"),
    ],
)
def test_refused_by_syncnet(lips, face, sound, sentence):
    with pytest.raises(MultiTalkError, match=sentence):
        lips.score(face, sound)


def test_refused_by_the_others():
    fvd, expressions = Fvd(GOLDEN.weights("i3d")), ExpressionNet(GOLDEN.weights("deep3d"))
    with pytest.raises(MultiTalkError, match="at least 9 frames a clip, not 8"):
        fvd.features(frames(8, 32, 32)[None])
    with pytest.raises(MultiTalkError, match="clips as uint8"):
        fvd.features(frames(9, 32, 32))
    with pytest.raises(MultiTalkError, match="five points a frame"):
        expressions.expressions(frames(2, 64, 64), torch.zeros(1, 5, 2))
    for points in (torch.zeros(5, 2), torch.full((5, 2), float("nan")), 1e-5 * torch.rand(5, 2)):
        with pytest.raises(MultiTalkError, match="do not span a face"):
            expressions.expressions(frames(1, 64, 64), points[None])


def test_a_face_at_the_edge_is_black_beside_the_picture():
    face = torch.tensor([[3.0, 20], [28, 20], [15, 35], [5, 48], [26, 48]])
    network = ExpressionNet(GOLDEN.weights("deep3d"))
    assert network.expressions(frames(1, 64, 64), face[None]).isfinite().all()


def test_faces_are_sorted_and_certain():
    finder = FaceFinder(GOLDEN.weights("s3fd"))
    found = finder.boxes(frames(1, 240, 320)[0], confidence=0.4)
    assert len(found) and (found[:, 4] > 0.4).all() and found[:, 4].diff().le(0).all()
    assert finder.boxes(frames(1, 110, 110)[0], confidence=1.0).shape == (0, 5)
    with pytest.raises(MultiTalkError, match="at least 110 pixels"):
        finder.boxes(frames(1, 109, 320)[0])


def test_the_crop_is_grey_beside_the_picture():
    crops = crop_track(frames(9, 60, 60), torch.tensor([[0.0, 0, 40, 40]]).expand(9, 4))
    assert crops.shape == (9, 224, 224, 3) and (crops[:, 0, 0] == 110).all()


@pytest.mark.parametrize(
    ("count", "box", "sentence"),
    [
        (6, (0, 0, 40, 40), "at least 7 frames"),
        (9, (20, 20, 20, 20), "of its track is empty"),
        (9, (-90, -90, -50, -50), "of its track is empty"),
        (9, (300, 300, 340, 340), "of its track is empty"),
        (9, (40, 40, 0, 0), "of its track is empty"),
        (9, (float("nan"), 0, 40, 40), "of its track is empty"),
        (9, (0, 0, 1e9, 1e9), "of its track is empty"),
    ],
)
def test_refused_tracks(count, box, sentence):
    with pytest.raises(MultiTalkError, match=sentence):
        crop_track(frames(count, 60, 60), torch.tensor([box]).expand(count, 4))


def test_less_than_a_row_of_sound_is_filled_with_zeros():
    sound = torch.full((10,), 1000, dtype=torch.int16).numpy()
    assert cepstral_coefficients(sound).shape == (1, 13)
    assert (cepstral_coefficients(sound * 0) == cepstral_coefficients(sound[:0])).all()

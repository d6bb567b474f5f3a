"""Corrections between clips: seams that fade, VAE loss pre-compensated, and how steady a film is."""

from collections.abc import Iterator

import pytest
import torch

from helpers.demo_film import DemoFilm
from multitalk_core.cli.demo_command import demo_arguments
from multitalk_core.cli.main import make_parser
from multitalk_core.cli.options.seam_options import seam_correction
from multitalk_core.film.colour import ColourMethod
from multitalk_core.film.seams import SeamCorrection
from multitalk_core.film.steadiness import Steadiness


@pytest.fixture(scope="module")
def demo() -> Iterator[DemoFilm]:
    threads = torch.get_num_threads()
    torch.set_num_threads(1)  # so small a model is quickest so
    yield DemoFilm()
    torch.set_num_threads(threads)


def test_a_seam_fades_over_its_frames_and_leaves_the_others():
    clip, before = torch.zeros(1, 3, 13, 4, 4), torch.full((1, 3, 5, 4, 4), 0.5)
    faded = SeamCorrection(seam_frames=4).faded(clip.clone(), before, 5)[0, 0, :, 0, 0]
    assert faded[:5].eq(0).all(), "the motion frames are another clip's"
    torch.testing.assert_close(faded[5:9], torch.tensor([0.4, 0.3, 0.2, 0.1]))
    assert faded[9:].eq(0).all()
    assert SeamCorrection().faded(clip.clone(), before, 5).eq(0).all(), "released: nothing is changed"
    assert SeamCorrection(seam_frames=4).faded(clip.clone(), before, 0).eq(0).all(), (
        "the first clip has no seam"
    )
    assert SeamCorrection(seam_frames=40).faded(clip.clone(), before, 5).shape == clip.shape


def test_a_reference_is_one_frame_or_one_for_each():
    clip = torch.rand(1, 3, 6, 4, 4, generator=torch.Generator().manual_seed(0))
    one = SeamCorrection().matched(clip.clone(), clip[:, :, :1])
    each = SeamCorrection().matched(clip.clone(), clip[:, :, :1].expand(-1, -1, 6, -1, -1))
    assert torch.equal(one, each)
    with pytest.raises(ValueError):
        SeamCorrection().matched(clip.clone(), clip[:, :, :4])


def test_vae_loss_is_precompensated(demo):
    """Frames corrected beforehand come out of the real VAE nearer to what they were."""
    model = demo.model
    still = demo.picture.movedim(-1, 0)[None, :, None].expand(-1, -1, 13, -1, -1) * 2 - 1
    frames = model.decode(model.encode(still))[:, :, -5:]  # as the end of a clip
    released, halved = (
        SeamCorrection(codec_correction=share).precompensated(frames, model.encode, model.decode)
        for share in (0.0, 0.5)
    )
    assert torch.equal(released, frames)
    lost = [(model.decode(model.encode(part)) - frames).abs().mean() for part in (released, halved)]
    assert lost[1] < lost[0]


def test_steadiness_tells_seams_from_the_inside_and_the_clip_that_drifts():
    picture = torch.full((1, 8, 8, 3), 0.5)
    film = Steadiness()
    film.append(picture.expand(4, -1, -1, -1), picture)
    film.append(picture.expand(4, -1, -1, -1) + 0.1, picture)
    film.append(
        picture.expand(4, -1, -1, -1) + torch.tensor([0.1, 0.1, 0.12, 0.12]).view(4, 1, 1, 1), picture
    )
    assert film.starts == [0, 4, 8]
    assert film.seam_change == pytest.approx(25.5, abs=0.1)
    assert film.inside_change == pytest.approx(5.1, abs=0.1)
    distance, clip = film.largest_drift
    assert clip == 2 and 8 < distance < 16
    assert film.drift.shape == (12, 3) and film.change.shape == (12,) and film.change[0] == 0
    assert film.drift[:4].abs().max() < 1e-3


def test_on_a_still_scene_no_seam_changes_more_than_the_inside_of_clips(demo):
    """Persons still, nobody speaking, the demo's own model and the usual corrections: no jump."""
    given = make_parser().parse_args(["generate", *demo_arguments(), "--colour-method", "lab"])
    assert seam_correction(given) == SeamCorrection(seam_frames=4)
    _, film = demo.make(clips=4, seams=seam_correction(given))
    assert film.seam_change <= film.inside_change
    second = film.starts[1]
    inside = [place for place in range(second, len(film.change)) if place not in film.starts]
    usual = float(film.change[inside].max())
    assert film.seam_change <= 1.1 * usual, "nor plainly more than the later clips' own frames"


@pytest.mark.parametrize("method", list(ColourMethod))
def test_matched_colours_do_not_drift_from_clip_to_clip(demo, method):
    _, film = demo.make(clips=2, seams=SeamCorrection(colour_method=method))
    assert film.largest_drift[0] < 1

"""Persons found automatically, in a real photograph and by real (tiny) segmentation models."""

import json
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image
from skimage import data

from multitalk_core.cli.main import main
from multitalk_core.errors import MultiTalkError
from multitalk_core.media.picture import read_picture
from multitalk_core.persons.detection import find_persons, person_segments

PICTURES = Path(__file__).parent / "pictures"
FACE = (117, 223)  # row and column in the astronaut's photograph


@pytest.fixture(scope="module")
def astronaut() -> torch.Tensor:
    return torch.from_numpy(data.astronaut()).float() / 255


def resized(picture: torch.Tensor, longest: int) -> torch.Tensor:
    image = Image.fromarray((picture * 255).byte().numpy())
    scale = longest / max(image.size)
    image = image.resize((round(image.width * scale), round(image.height * scale)), Image.Resampling.BILINEAR)
    return torch.from_numpy(np.array(image)).float() / 255


def test_both_faces_of_a_doubled_photograph_are_found(astronaut):
    picture = torch.cat([astronaut, astronaut.flip(1)], dim=1)
    persons = find_persons(picture)
    row, column = FACE
    assert persons.count == 2 and persons.size == (512, 1024)
    assert persons.masks[:, row, column].tolist() == [True, False]
    assert persons.masks[:, row, 1023 - column].tolist() == [False, True]
    assert (persons.masks.sum(dim=0) <= 1).all()
    assert persons.background[500, 512]


@pytest.mark.parametrize("longest", [256, 2000])
def test_one_face_is_found_at_any_size(astronaut, longest):
    persons = find_persons(resized(astronaut, longest))
    scale = longest / 512
    assert persons.count == 1
    assert persons.masks[0, int(FACE[0] * scale), int(FACE[1] * scale)]
    assert persons.masks[0, int(260 * scale), int(FACE[1] * scale)]  # the chest
    assert not persons.masks[0, :, int(450 * scale)].any()  # the rocket


def test_two_faces_above_each_other_and_a_known_count(astronaut):
    picture = torch.cat([astronaut, astronaut], dim=0)
    persons = find_persons(picture, count=2)
    assert {bool(persons.masks[0, FACE[0] + drop, FACE[1]]) for drop in (0, 512)} == {True, False}


def test_a_count_takes_the_largest_and_never_lowers_the_bar(astronaut):
    small = resized(astronaut, 300)
    picture = torch.cat([torch.nn.functional.pad(small, (0, 0, 0, 0, 0, 212)), astronaut], dim=1)
    everyone, one = find_persons(picture), find_persons(picture, count=1)
    assert everyone.count == 2 and one.count == 1
    assert one.masks[0, FACE[0], 300 + FACE[1]]
    assert one.among_bystanders and not everyone.among_bystanders
    assert one.findings == everyone.findings[1:]
    sentence = r"Only 2 of 3 persons were found.*by certainty: 1\.00, (0\.99|1\.00).*needs 0\.70.*draw a box"
    with pytest.raises(MultiTalkError, match=sentence):
        find_persons(picture, count=3)


def test_more_people_than_a_film_has_need_a_count(astronaut):
    crowd = resized(astronaut, 200).repeat(3, 3, 1)
    with pytest.raises(MultiTalkError, match=r"9 persons were found.*at most 8: give the number of persons"):
        find_persons(crowd)
    assert find_persons(crowd, count=8).count == 8


def test_a_person_says_how_it_was_found(astronaut):
    (finding,) = find_persons(astronaut).findings
    row, column = FACE
    assert finding.certainty > 0.99
    assert finding.face.left < column < finding.face.right and finding.face.top < row < finding.face.bottom


def test_nobody_in_a_picture_without_people():
    coffee = read_picture(PICTURES / "s02.jpg")
    with pytest.raises(MultiTalkError, match=r"Nobody was found.*draw a box or a mask.*equal parts"):
        find_persons(coffee)
    with pytest.raises(MultiTalkError, match=r"Nobody was found in the picture: draw a box"):
        find_persons(torch.zeros(4, 900, 3))


@pytest.fixture(scope="module")
def mask2former(tmp_path_factory):
    """A tiny random Mask2Former that takes whatever it segments for a person."""
    from transformers import (
        Mask2FormerConfig,
        Mask2FormerForUniversalSegmentation,
        Mask2FormerImageProcessorPil,
        SwinConfig,
    )

    stages = ["stage1", "stage2", "stage3", "stage4"]
    backbone = SwinConfig(
        image_size=64, embed_dim=8, depths=[1] * 4, num_heads=[1] * 4, window_size=4, out_features=stages
    )
    config = Mask2FormerConfig(
        backbone_config=backbone,
        feature_size=32,
        mask_feature_size=32,
        hidden_dim=32,
        encoder_feedforward_dim=16,
        dim_feedforward=16,
        encoder_layers=1,
        decoder_layers=2,
        num_attention_heads=2,
        num_queries=6,
        id2label={0: "person", 1: "dog"},
    )
    torch.manual_seed(0)
    model = Mask2FormerForUniversalSegmentation(config)
    folder = tmp_path_factory.mktemp("mask2former")
    return save(model, model.class_predictor, 0, Mask2FormerImageProcessorPil(size=SQUARE), folder)


@pytest.fixture(scope="module")
def detr(tmp_path_factory):
    """A tiny random DETR that takes whatever it segments for a person."""
    from transformers import DetrConfig, DetrForSegmentation, DetrImageProcessorPil, ResNetConfig

    stages = ["stage1", "stage2", "stage3", "stage4"]
    backbone = ResNetConfig(
        embedding_size=8, hidden_sizes=[8, 8, 16, 16], depths=[1] * 4, layer_type="basic", out_features=stages
    )
    config = DetrConfig(
        use_timm_backbone=False,
        use_pretrained_backbone=False,
        backbone=None,
        backbone_config=backbone,
        d_model=128,
        encoder_layers=1,
        decoder_layers=1,
        encoder_ffn_dim=16,
        decoder_ffn_dim=16,
        num_queries=6,
        id2label={0: "N/A", 1: "person"},
    )
    torch.manual_seed(0)
    model = DetrForSegmentation(config)
    folder = tmp_path_factory.mktemp("detr")
    return save(model, model.detr.class_labels_classifier, 1, DetrImageProcessorPil(size=SQUARE), folder)


SQUARE = {"height": 64, "width": 64}


def save(model, classifier, person, processor, folder):
    with torch.no_grad():
        classifier.bias.zero_()[person] = 9
    model.save_pretrained(folder)
    processor.save_pretrained(folder)
    return folder


@pytest.mark.parametrize("name", ["mask2former", "detr"])
def test_a_segmentation_model_gives_persons(request, astronaut, name):
    persons = find_persons(astronaut, model=request.getfixturevalue(name))
    assert persons.count >= 1 and persons.size == (512, 512)
    assert persons.masks.flatten(1).any(dim=1).all()
    assert (persons.masks.sum(dim=0) <= 1).all()
    centres = [mask.nonzero()[:, 1].float().mean() for mask in persons.masks]
    assert centres == sorted(centres)


def test_the_command_line_takes_a_segmentation_model(mask2former, capsys):
    command = ["localize", "--picture", str(PICTURES / "s16.jpg"), "--count", "2", "--json", "-"]
    assert main([*command, "--segmentation-model", str(mask2former)]) == 0
    persons = json.loads(capsys.readouterr().out)
    assert len(persons) == 2 and all(person["face"] is None for person in persons)
    assert all(0.5 <= person["certainty"] <= 1 for person in persons)


def test_a_known_count_takes_the_largest_segments(astronaut, mask2former):
    everyone = find_persons(astronaut, model=mask2former)
    one = find_persons(astronaut, count=1, model=mask2former)
    assert one.count == 1 < everyone.count
    assert one.masks[0].sum() >= everyone.masks.flatten(1).sum(dim=1).max()


def test_only_persons_of_speakers_size_are_taken():
    def segment(label, left, right):
        mask = np.zeros((10, 100), np.uint8)
        mask[:, left:right] = 255
        return {"label": label, "score": 0.9, "mask": Image.fromarray(mask)}

    segments = [
        segment("dog", 0, 40),
        segment("person", 40, 43),
        segment("person, individual, someone", 45, 65),
        segment("person", 66, 100),
    ]
    assert [int(mask.sum()) for mask, _ in person_segments(segments)] == [340, 200]
    assert person_segments(segments[:1]) == []


def test_models_that_cannot_be_used_get_a_sentence(tmp_path, astronaut, mask2former):
    from transformers import AutoConfig

    with pytest.raises(MultiTalkError, match="cannot be loaded"):
        find_persons(astronaut, model=tmp_path / "missing")
    for file in mask2former.iterdir():
        (tmp_path / file.name).write_bytes(file.read_bytes())
    config = AutoConfig.from_pretrained(mask2former)
    config.id2label = {0: "cat", 1: "dog"}
    config.save_pretrained(tmp_path)
    with pytest.raises(MultiTalkError, match="does not know persons"):
        find_persons(astronaut, model=tmp_path)
    weights = tmp_path / "model.safetensors"
    weights.write_bytes(weights.read_bytes()[:-100])
    with pytest.raises(MultiTalkError, match=r"cannot be loaded .*mark the persons by boxes"):
        find_persons(astronaut, model=tmp_path)

"""The host of docs/examples/new_host.py passes every host's suite and agrees with diffusers' host."""

import sys
from collections.abc import Sequence
from pathlib import Path

import pytest
import torch
from torch import Tensor

from hosts.contract import ROUNDING, ROWS, HostContract, Row, Variant, difference, draw_scene
from hosts.diffusers_under_test import DiffusersUnderTest, conversation, token_masks
from multitalk_core.demo.text import PROMPT
from multitalk_core.method.audio_patch import AudioPatch, BindingOptions, audio_rows

sys.path.append(str(Path(__file__).parents[2] / "docs" / "examples"))

from new_host import WrittenOutVideoModel, forward


class WrittenOutUnderTest(DiffusersUnderTest):
    """As the diffusers host, but with the example's forward pass and video model."""

    @torch.no_grad()
    def predict(
        self, rows: Sequence[Row], *, scheme: str = "l-rope", strength: float = 1.0, together: bool = True
    ) -> Tensor:
        if not together:
            return torch.cat([self.predict([row], scheme=scheme, strength=strength) for row in rows])
        voices = self.adapter.voice_tokens(conversation(self.scene).windows(0, 9, 5))
        latent, timestep, text = self.given(rows)
        return forward(
            self.models.transformer,
            latent,
            timestep,
            text=text,
            patch=AudioPatch(self.adapter, BindingOptions(scheme=scheme, strength=strength)),
            rows=audio_rows(voices, token_masks(), [row.audible for row in rows]),
        )

    @torch.no_grad()
    def predict_plain(self, rows: Sequence[Row]) -> Tensor:
        latent, timestep, text = self.given(rows)
        return forward(self.models.transformer, latent, timestep, text=text)

    def video_model(self) -> WrittenOutVideoModel:
        return WrittenOutVideoModel(self.models, self.adapter, prompt=PROMPT)


@pytest.fixture(scope="module")
def host() -> WrittenOutUnderTest:
    return WrittenOutUnderTest(draw_scene())


class TestWrittenOutHost(HostContract):
    """Every test is the suite's."""


def test_it_agrees_with_the_diffusers_host(host):
    diffusers = DiffusersUnderTest(host.scene)
    assert difference(host.predict(ROWS), diffusers.predict(ROWS)) < ROUNDING
    ours, theirs = (each.film(Variant(two_clips=True))["latents"] for each in (host, diffusers))
    assert difference(ours, theirs) < ROUNDING

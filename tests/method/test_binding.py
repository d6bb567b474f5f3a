"""Which token attends to which voice: the injection schemes in a real audio layer."""

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor

from multitalk_core.errors import MultiTalkError
from multitalk_core.method.attention import AudioCrossAttention
from multitalk_core.method.audio_patch import BindingOptions
from multitalk_core.method.binding import AudioFreeRows
from multitalk_core.method.labels import LabelRanges, spread_ranges
from multitalk_core.method.schemes import AUTOMATIC, SCHEMES, find_scheme, register, resolved_scheme
from multitalk_core.method.schemes.add import Add
from multitalk_core.method.wan import Grid

GRID = Grid(3, 4, 6)
TOKENS = 72


@pytest.fixture(scope="module")
def layer() -> AudioCrossAttention:
    torch.manual_seed(0)
    return AudioCrossAttention(32, 2, 12).double().eval().requires_grad_(False)


def random(seed: int, *shape: int) -> Tensor:
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)


def attend(
    layer: AudioCrossAttention,
    name: str,
    hidden: Tensor,
    audio: Tensor,
    similarity: Tensor,
    *,
    audible: list[bool] | None = None,
    ranges: LabelRanges | None = None,
) -> Tensor:
    """The layer's output under a scheme."""
    scheme, voices = find_scheme(name), audio.shape[2]
    if scheme.needs_localization(voices):
        binding = scheme.bind_located(similarity, (ranges or spread_ranges(voices)).on("cpu"))
    else:
        binding = scheme.bind(rows=len(hidden), voices=voices, grid=GRID, device=hidden.device)
    if audible is not None:
        binding = binding.with_audio_free_rows(AudioFreeRows.of(torch.tensor(audible), voices))
    return layer(hidden, audio, GRID, binding=binding)


@pytest.mark.parametrize("scheme", SCHEMES)
@given(seed=st.integers(0, 2**31), voices=st.integers(1, 4))
@settings(max_examples=12, deadline=None)
def test_rows_of_all_kinds_in_one_batch_equal_the_rows_alone(
    layer: AudioCrossAttention, scheme: str, seed: int, voices: int
) -> None:
    """Positive, negative and audio-free rows, in one batch or one by one."""
    hidden = random(seed, 4, TOKENS, 32)
    audio = random(seed + 1, 4, GRID.frames, voices, 5, 12)
    similarity = random(seed + 2, 4, voices + 1, TOKENS).softmax(dim=1)
    audible = [True, False, True, False]
    together = attend(layer, scheme, hidden, audio, similarity, audible=audible)
    for row, kind in enumerate(audible):
        # Alone, an audio-free row brings only the zero embedding, as the reference implementation runs it.
        given = audio[row : row + 1] if kind else audio[row : row + 1, :, :1]
        one = slice(row, row + 1)
        if kind:
            alone = attend(layer, scheme, hidden[one], given, similarity[one])
        else:
            alone = attend(layer, "concat", hidden[one], given, similarity[one])
        torch.testing.assert_close(together[one], alone, rtol=1e-5, atol=1e-7)  # labels are float32


@pytest.mark.parametrize("scheme", ["l-rope", "routed", "concat", "add"])
@given(seed=st.integers(0, 2**31), order=st.permutations(range(3)))
@settings(max_examples=12, deadline=None)
def test_permuting_speakers_with_their_ranges_permutes_nothing_else(
    layer: AudioCrossAttention, scheme: str, seed: int, order: list[int]
) -> None:
    hidden, audio = random(seed, 1, TOKENS, 32), random(seed + 1, 1, GRID.frames, 3, 5, 12)
    similarity = random(seed + 2, 1, 4, TOKENS).softmax(dim=1)
    ranges = spread_ranges(3)
    moved = LabelRanges(
        tuple(ranges.persons[i] for i in order), ranges.background, tuple(ranges.audio[i] for i in order)
    )
    plain = attend(layer, scheme, hidden, audio, similarity)
    permuted = attend(layer, scheme, hidden, audio[:, :, order], similarity[:, [*order, 3]], ranges=moved)
    torch.testing.assert_close(permuted, plain, rtol=1e-5, atol=1e-7)


@pytest.mark.parametrize("scheme", ["concat", "split"])
def test_equal_voices_give_equal_bindings(layer: AudioCrossAttention, scheme: str) -> None:
    """With the same voice for everybody it does not matter which one a token attends to."""
    hidden, voice = random(1, 1, TOKENS, 32), random(2, 1, GRID.frames, 1, 5, 12)
    similarity = random(3, 1, 3, TOKENS).softmax(dim=1)
    both = attend(layer, scheme, hidden, voice.expand(-1, -1, 2, -1, -1), similarity)
    alone = attend(layer, "concat", hidden, voice, similarity)
    torch.testing.assert_close(both, alone)


def test_routed_persons_with_equal_voices_and_maps_get_the_same(layer: AudioCrossAttention) -> None:
    hidden = random(1, 1, TOKENS, 32)
    voice = random(2, 1, GRID.frames, 1, 5, 12).expand(-1, -1, 2, -1, -1)
    similarity = torch.zeros(1, 3, TOKENS, dtype=torch.float64)
    similarity[:, 0, ::2], similarity[:, 1, 1::2] = 1.0, 1.0
    swapped = similarity[:, [1, 0, 2]]
    torch.testing.assert_close(
        attend(layer, "routed", hidden, voice, similarity), attend(layer, "routed", hidden, voice, swapped)
    )


@pytest.mark.parametrize("persons", [1, 2, 3, 5])
def test_routed_tokens_attend_to_their_own_voice_only(layer: AudioCrossAttention, persons: int) -> None:
    hidden, audio = random(4, 1, TOKENS, 32), random(5, 1, GRID.frames, persons, 5, 12)
    similarity = random(6, 1, persons + 1, TOKENS).softmax(dim=1)
    owner = similarity.argmax(dim=1)[0]
    before = attend(layer, "routed", hidden, audio, similarity)[0]
    assert before[owner == persons].eq(0).all(), "the background gets something"
    assert before[owner < persons].ne(0).all()
    for person in range(persons):
        changed = audio.clone()
        changed[:, :, person] += 1.0
        after = attend(layer, "routed", hidden, changed, similarity)[0]
        moved = (after - before).abs().amax(dim=-1) > 1e-12
        assert torch.equal(moved, owner == person), (
            f"voice {person + 1} reaches others than person {person + 1}"
        )


def test_split_cuts_columns_into_parts_earlier_ones_wider(layer: AudioCrossAttention) -> None:
    grid = Grid(2, 1, 5)
    binding = find_scheme("split").bind(rows=1, voices=3, grid=grid, device=torch.device("cpu"))
    parts = binding.may_attend[0].int().argmax(dim=-1)
    assert parts.tolist() == [0, 0, 1, 1, 2] * 2


def test_add_sums_one_attention_a_voice(layer: AudioCrossAttention) -> None:
    hidden, audio = random(7, 1, TOKENS, 32), random(8, 1, GRID.frames, 2, 5, 12)
    both = attend(layer, "add", hidden, audio, None)
    alone = [attend(layer, "concat", hidden, audio[:, :, i : i + 1], None) for i in range(2)]
    torch.testing.assert_close(both + layer.proj.bias, alone[0] + alone[1])


def test_l_rope_turns_attention_towards_the_own_voice() -> None:
    """Close labels score higher than far ones for equal vectors: what makes binding possible (Fig. 4 c)."""
    torch.manual_seed(0)
    layer = AudioCrossAttention(128, 1, 8)
    with torch.no_grad():
        layer.kv_linear.weight[:128] = 0
        layer.kv_linear.bias[:128] = 1
        layer.q_linear.weight.zero_()
        layer.q_linear.bias.fill_(1)
        layer.kv_linear.bias[128:] = 0
        layer.proj.weight.copy_(torch.eye(128))
        layer.proj.bias.zero_()
        audio = torch.zeros(1, GRID.frames, 2, 4, 8)
        audio[:, :, 0, :, 0], audio[:, :, 1, :, 1] = 1.0, 1.0
        similarity = torch.zeros(1, 3, TOKENS)
        similarity[:, 0, ::2], similarity[:, 1, 1::2] = 1.0, 1.0
        given = attend(layer, "l-rope", torch.zeros(1, TOKENS, 128), audio, similarity)[0]
        voices = layer.kv_linear.weight[128:, :2].T
        towards = torch.stack([given @ voice / voice.square().sum() for voice in voices])
    assert (towards[0, ::2] > towards[1, ::2]).all()
    assert (towards[1, 1::2] > towards[0, 1::2]).all()


def test_one_voice_needs_no_map_unless_it_is_routed() -> None:
    lrope, routed = find_scheme("l-rope"), find_scheme("routed")
    assert not lrope.needs_localization(1)
    assert lrope.needs_localization(2)
    assert routed.needs_localization(1)
    assert not any(find_scheme(name).needs_localization(2) for name in ("concat", "add", "split"))


def test_frames_attend_to_their_own_audio_tokens_only(layer: AudioCrossAttention) -> None:
    hidden, audio = random(9, 1, TOKENS, 32), random(10, 1, GRID.frames, 2, 5, 12)
    similarity = random(11, 1, 3, TOKENS).softmax(dim=1)
    before = attend(layer, "l-rope", hidden, audio, similarity)
    changed = audio.clone()
    changed[:, 1] += 1.0
    moved = (attend(layer, "l-rope", hidden, changed, similarity) - before).abs().amax(dim=-1)[0] > 1e-12
    assert moved.unflatten(0, (3, -1)).all(dim=1).tolist() == [False, True, False]


def test_an_unknown_scheme_is_refused_with_the_known_ones() -> None:
    with pytest.raises(
        MultiTalkError, match=r'no scheme "lrope": choose one of "l-rope", "routed", "concat"'
    ):
        BindingOptions(scheme="lrope")


def test_a_name_is_taken_once() -> None:
    with pytest.raises(MultiTalkError, match='"add" already'):
        register(Add())


@pytest.mark.parametrize(
    ("voices", "among_bystanders", "scheme"),
    [
        (1, False, "l-rope"),
        (1, True, "routed"),
        (2, False, "l-rope"),
        (2, True, "l-rope"),
        (3, False, "routed"),
        (8, True, "routed"),
    ],
)
def test_the_automatic_scheme(voices, among_bystanders, scheme):
    assert resolved_scheme(AUTOMATIC, voices=voices, among_bystanders=among_bystanders) == scheme
    assert resolved_scheme("add", voices=voices, among_bystanders=among_bystanders) == "add"

"""Pieces of a voice that the audio encoder's transformer attends to at once."""

from dataclasses import dataclass

from .waveform import SPEECH_RATE

OVERLAP_SECONDS = 5.0
# Attention to a whole voice takes three quarters of all else at five minutes, nine times all else at an hour;
# attention to pieces of two minutes takes a third, whatever the length.
WHOLE_SECONDS = 300.0
LONG_VOICE_PIECE_SECONDS = 120.0


@dataclass(frozen=True)
class Piece:
    """Frames that the transformer encodes at once.

    Attributes
    ----------
    start, end : int
        Frames whose features are used.
    first, last : int
        Frames that are encoded: those and an overlap on either side.
    first_sample, last_sample : int
        The samples of the encoded frames. Later samples never affect a piece; earlier ones only through the
        running statistics.
    """

    start: int
    end: int
    first: int
    last: int
    first_sample: int
    last_sample: int


def piece_seconds(seconds: float, given: float | None) -> float | None:
    """The length of the pieces of a voice of that many seconds; None for one piece.

    Parameters
    ----------
    seconds : float
        Length of the voice.
    given : float or None
        What the user asks for; otherwise voices beyond `WHOLE_SECONDS` are cut, so that time and memory grow
        with their length and not with its square.
    """
    return LONG_VOICE_PIECE_SECONDS if given is None and seconds > WHOLE_SECONDS else given


def cut_pieces(count: int, samples: int, *, fps: float, seconds: float | None) -> list[Piece]:
    """Cut a sound into pieces that stay the same when the sound grows longer.

    Parameters
    ----------
    count, samples : int
        Length of the sound in video frames and in samples at 16 kHz.
    fps : float
        Video frames per second.
    seconds : float or None
        Length of a piece, where it is given; see `piece_seconds`.
    """
    seconds = piece_seconds(count / fps, seconds)
    length = count if seconds is None else max(1, round(seconds * fps))
    overlap = round(OVERLAP_SECONDS * fps)
    pieces = []
    for start in range(0, count, length):
        first, last = max(0, start - overlap), min(count, start + length + overlap)
        last_sample = samples if last == count else round(last / fps * SPEECH_RATE)
        first_sample = round(first / fps * SPEECH_RATE)
        piece = Piece(
            start=start,
            end=min(count, start + length),
            first=first,
            last=last,
            first_sample=first_sample,
            last_sample=last_sample,
        )
        pieces.append(piece)
    return pieces

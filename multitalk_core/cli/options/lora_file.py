"""A LoRA as an argument names it: a file, and its strength."""

import os
from argparse import ArgumentTypeError

from ...errors import quoted
from ...hosts.diffusers.lora import Lora
from ...limits import LORA_STRENGTH
from .paths import input_file
from .types import within


def lora_file(text: str) -> Lora:
    """Parse FILE or FILE:STRENGTH; a file whose name ends like a strength is that file."""
    file, colon, strength = text.rpartition(":")
    if not colon or os.path.exists(text) or not os.path.isfile(file):
        return Lora(input_file(text))
    try:
        return Lora(input_file(file), float(within(LORA_STRENGTH)(strength)))
    except ArgumentTypeError as error:
        raise ArgumentTypeError(
            f"{quoted(strength)} is not a strength: write {quoted(file)}:0.8, with a number {LORA_STRENGTH}"
        ) from error

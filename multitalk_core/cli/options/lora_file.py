"""A LoRA as an argument names it: a file, and its strength."""

import os
from argparse import ArgumentTypeError

from ...errors import quoted
from ...hosts.diffusers.lora import Lora
from ...limits import LORA_STRENGTH
from .limited_number import within
from .paths import input_file


def lora_file(text: str) -> Lora:
    """Parse FILE or FILE:STRENGTH; a file whose name ends like a strength is that file."""
    file, colon, strength = text.rpartition(":")
    in_path = {"/", "\\"} & set(strength)  # C:\\loras\\style.safetensors has no strength
    if not colon or in_path or os.path.exists(text):
        return Lora(input_file(text))
    path = input_file(file)
    if not strength:
        raise ArgumentTypeError(
            f"no strength follows the colon of {quoted(text)}: write {quoted(file)}:0.8, with "
            f"{LORA_STRENGTH}, or leave out the colon"
        )
    try:
        return Lora(path, float(within(LORA_STRENGTH)(strength)))
    except ArgumentTypeError as error:
        raise ArgumentTypeError(
            f"{quoted(strength)} is not a strength: write {quoted(file)}:0.8, with {LORA_STRENGTH}"
        ) from error

"""Names of tensors under a prefix that a repack may have added, and the layers that they number."""

import re
from collections.abc import Mapping

from .reading import StoredTensor

Stored = Mapping[str, StoredTensor]
Found = tuple[str, dict[str, str]]  # a kind in words, and its details by label


def below(stored: Stored, anchor: str) -> dict[str, StoredTensor]:
    """Tensors with the same prefix as the anchor, named without it; empty if the anchor is missing."""
    for name in stored:
        if name == anchor or name.endswith(f".{anchor}"):
            prefix = name.removesuffix(anchor)
            return {
                key.removeprefix(prefix): tensor for key, tensor in stored.items() if key.startswith(prefix)
            }
    return {}


def count_layers(stored: Stored, layers: str) -> int:
    """Number of numbered layers under this name."""
    pattern = re.compile(rf"{re.escape(layers)}(\d+)\.")
    return len({match[1] for name in stored if (match := pattern.match(name))})

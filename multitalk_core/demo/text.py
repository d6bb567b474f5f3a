"""What stands for a text encoder in the embedded demo: a table of a few words."""

import json
import re
from pathlib import Path

import torch
from torch import Tensor

TOKENS = 12
NEGATIVE = "negative"
PROMPT = "two people talk"


class DemoText:
    """Embeds prompts of the demo's tiny vocabulary, "two people talk, left hops".

    Other words are not heard, and a prompt of none but other words is heard as PROMPT.

    A word's embedding is its own vector and the vector of the last person named before it, as a real
    encoder's embeddings carry what they were said of.

    Parameters
    ----------
    vectors : Tensor [words, channels]
    words : dict of str to int
        Row of every known word and of its other forms.
    people : frozenset of str
        The words that name a person.
    """

    def __init__(self, vectors: Tensor, words: dict[str, int], people: frozenset[str]):
        self.vectors = vectors
        self.words = words
        self.people = people

    @classmethod
    def read(cls, path: Path) -> "DemoText":
        """From the embedded demo's file."""
        from safetensors import safe_open

        with safe_open(path, "pt") as file:
            vocabulary = json.loads(file.metadata()["vocabulary"])
            return cls(file.get_tensor("vectors"), vocabulary["words"], frozenset(vocabulary["people"]))

    def metadata(self) -> str:
        """The vocabulary as `read` finds it."""
        return json.dumps({"words": self.words, "people": sorted(self.people)})

    def __call__(self, prompt: str, negative: bool = False) -> Tensor:
        """[1, TOKENS, channels]; any negative prompt is the same one."""
        known = [NEGATIVE] if negative else self._known(prompt) or self._known(PROMPT)
        embedded = torch.zeros(TOKENS, self.vectors.shape[1])
        person = torch.zeros_like(embedded[0])
        for place, word in enumerate(known[:TOKENS]):
            vector = self.vectors[self.words[word]]
            person = vector if word in self.people else person
            embedded[place] = vector + person
        return embedded[None]

    def _known(self, prompt: str) -> list[str]:
        return [word for word in re.findall(r"[a-z]+", prompt.lower()) if word in self.words]

"""Recognise the small files that change another model: LoRA and its relatives."""

import re
from collections.abc import Mapping

from .tensor_names import Found, Stored

# The end of the name of one tensor in each layer, as kohya, LyCORIS, PEFT and diffusers write it.
KINDS = {
    "DoRA": re.compile(r"[._](dora_scale|lora_magnitude_vector(\.\w+)*)$"),
    "LoRA": re.compile(r"[._](lora_down|lora_A|lora\.down|lora_linear_layer\.down)(\.\w+)*$"),
    "LoHa": re.compile(r"\.hada_w1_a$"),
    "LoKr": re.compile(r"\.lokr_w1(_a)?$"),
    "GLoRA": re.compile(r"\.b1\.weight$"),
    "OFT": re.compile(r"\.(oft_(blocks|diag|r|R)|boft_R)(\.\w+)*$"),
    "IA3": re.compile(r"\.(on_input|ia3_l(\.\w+)*)$"),
    "VeRA": re.compile(r"\.vera_lambda_b(\.\w+)*$"),
    "LoRA of differences alone": re.compile(r"\.(diff|diff_b|w_norm|b_norm|set_weight)$"),
}
GLORA_PARTNER = re.compile(r"\.a1\.weight$")


def lora(stored: Stored, metadata: Mapping[str, str]) -> Found | None:
    """Details of a LoRA of any form; None for anything else."""
    for kind, last in KINDS.items():
        layers = [name for name in stored if last.search(name)]
        if not layers or (kind == "GLoRA" and not any(map(GLORA_PARTNER.search, stored))):
            continue
        details = {"layers": str(len(layers))}
        if kind == "LoRA":
            ranks = sorted({stored[name].shape[0] for name in layers})
            details = {"rank": ", ".join(map(str, ranks)), **details}
        return kind, details
    return None

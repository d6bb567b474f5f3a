"""What the Triton kernels compile to on each architecture, without a GPU: tests/kernels/figures.json.

    make kernels                                                  compares
    .venv-kernels/bin/python tools/kernel_figures.py --write      records

Registers, stack and spills, shared memory, tensor-core instructions and 128-bit loads are read from the
machine code that Triton's own assembler makes.
"""

import argparse
import hashlib
import json
import re
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[1]
COMPILED = ROOT / "multitalk_core" / "kernels" / "compiled"
FIGURES = ROOT / "tests" / "kernels" / "figures.json"

# Shared memory that one block may take, in bytes.
SHARED_LIMITS = {80: 163 << 10, 86: 99 << 10, 89: 99 << 10, 90: 227 << 10, 100: 227 << 10, 120: 99 << 10}
TENSOR_CORES = re.compile(r"\b(?:HMMA|HGMMA|UTC\w*MMA)\b")
SPILLS = re.compile(r"\b(?:STL|LDL)\b")
WIDE_LOADS = re.compile(r"\b(?:LDG|LDGSTS|UTMALDG)\S*\.128\b")
HEADS, CHANNELS, AUDIO_TOKENS = 40, 128, 32  # of Wan2.1-14B and the released adapters

# Voices, then the kernel's constants for their binding.
BINDINGS = {
    "one voice": (1, {}),
    "l-rope, 2 voices": (2, {"ROTATED": True, "KEYS_ROTATED": True}),
    "l-rope, 2 voices, a row without audio": (2, {"ROTATED": True, "KEYS_ROTATED": True, "ROUTED": True}),
    "routed, 4 voices": (4, {"ROTATED": True, "ROUTED": True}),
    "routed, 8 voices": (8, {"ROTATED": True, "ROUTED": True}),
    "add, 2 voices": (2, {"SUMMED": True}),
}


def sources_digest() -> str:
    """Of all that the figures depend on."""
    digest = hashlib.sha256()
    for path in sorted(COMPILED.glob("*.py")):
        digest.update(path.read_bytes())
    return digest.hexdigest()[:16]


def launches(architecture: int) -> Iterator[tuple[str, Any, dict[str, str], dict[str, Any], Any]]:
    """Name, kernel, types of what is not a whole number, constants and configuration of each launch."""
    from multitalk_core.kernels.compiled import configs
    from multitalk_core.kernels.compiled import frame_attention_kernel as attention
    from multitalk_core.kernels.compiled import localize_kernel as localize
    from multitalk_core.kernels.compiled import token_labels_kernel as labels

    plain = configs.Config(tokens=0, keys=0, warps=4, stages=1)
    for precision in ("bf16", "fp16"):
        half = f"*{precision}"
        chosen = configs.LOCALIZE[architecture]
        constants = {"HEADS": 8, "CHANNELS": CHANNELS, "TOKENS": chosen.tokens, "KEYS": chosen.keys}
        types = {"query": half, "key": half, "columns": half, "sums": "*fp32", "scale": "fp32"}
        yield (
            f"localize, {precision}",
            localize.localize_kernel,
            types,
            constants | {"COLUMNS": localize.COLUMNS},
            chosen,
        )
    chosen = configs.FRAME_ATTENTION[architecture]
    flags = dict.fromkeys(("ROTATED", "KEYS_ROTATED", "ROUTED", "SUMMED"), False)
    types = dict.fromkeys(("query", "key", "value", "out"), "*bf16")
    types |= {"token_labels": "*fp32", "voice_labels": "*fp32", "allowed": "*u8"}
    types |= {"scale": "fp32", "exponent": "fp32"}
    for name, (voices, binding) in BINDINGS.items():
        constants = {"HEADS": HEADS, "CHANNELS": CHANNELS, "TOKENS": chosen.tokens, "KEYS": AUDIO_TOKENS}
        constants |= {"VOICES": voices, **flags, **binding}
        yield f"frame attention, {name}", attention.frame_attention_kernel, types, constants, chosen
    types = {"masks": "*fp32", "columns": "*bf16", "scales": "*fp32"}
    size = {"KEYS": localize.PREPARED, "COLUMNS": localize.COLUMNS}
    yield "mask columns", localize.columns_kernel, types, size, plain
    types = dict.fromkeys(("sums", "scales", "similarity"), "*fp32")
    yield (
        "join",
        localize.join_kernel,
        types,
        {"TOKENS": localize.JOINED, "COLUMNS": localize.COLUMNS},
        plain,
    )
    size = {"TOKENS": labels.TOKENS, "CLASSES": labels.CLASSES}
    types = {"similarity": "*fp32", "ranges": "*fp32"}
    yield "label ranges", labels.range_kernel, types, size, plain
    types |= {"bounds": "*fp32", "labelled": "*fp32", "background": "fp32"}
    yield "labels", labels.labels_kernel, types, size | {"TILES": 32}, plain


def compiled(kernel: Any, types: dict[str, str], constants: dict[str, Any], **options: int) -> Any:
    """Compile a kernel for `architecture`, with strides and addresses that are multiples of 16."""
    import triton
    from triton.backends.compiler import GPUTarget
    from triton.compiler import ASTSource

    from multitalk_core.kernels.compiled.launching import FUSED

    architecture = options.pop("architecture")
    names = kernel.arg_names
    signature = {name: types.get(name, "constexpr" if name in constants else "i32") for name in names}
    strides = re.compile(r"(query|key|value|columns)_(row|frame|voice|token|head)")
    aligned = [name for name in names if signature[name].startswith("*") or strides.fullmatch(name)]
    source = ASTSource(
        fn=kernel,
        signature=signature,
        constexprs={(names.index(name),): value for name, value in constants.items()},
        attrs={(names.index(name),): [["tt.divisibility", 16]] for name in aligned},
    )
    return triton.compile(source, target=GPUTarget("cuda", architecture, 32), options=options | FUSED)


def figures_of(binary: Any) -> dict[str, int]:
    """What the machine code takes and does."""
    import triton.backends.nvidia

    tool = Path(triton.backends.nvidia.__file__).parent / "bin" / "cuobjdump"
    with tempfile.NamedTemporaryFile(suffix=".cubin") as file:
        Path(file.name).write_bytes(binary.asm["cubin"])
        usage, code = (
            subprocess.run([tool, option, file.name], capture_output=True, text=True, check=True).stdout
            for option in ("-res-usage", "-sass")
        )
    registers, stack = re.search(r"REG:(\d+) STACK:(\d+)", usage).groups()
    return {
        "registers": int(registers),
        "stack": int(stack),
        "spills": len(SPILLS.findall(code)),
        "shared": binary.metadata.shared,
        "tensor_core": len(TENSOR_CORES.findall(code)),
        "wide_loads": len(WIDE_LOADS.findall(code)),
    }


def measured() -> dict[str, dict[str, dict[str, int]]]:
    """Figures of every launch on every architecture."""
    found: dict[str, dict[str, dict[str, int]]] = {}
    for architecture in SHARED_LIMITS:
        for name, kernel, types, constants, config in launches(architecture):
            binary = compiled(
                kernel,
                types,
                constants,
                architecture=architecture,
                num_warps=config.warps,
                num_stages=config.stages,
            )
            found.setdefault(name, {})[str(architecture)] = figures_of(binary)
    return found


def main() -> None:
    """Print the figures, or record those of this Triton."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--write", action="store_true", help="record them in tests/kernels/figures.json")
    options = parser.parse_args()
    import triton

    recorded = json.loads(FIGURES.read_text()) if FIGURES.exists() else {"triton": {}}
    recorded["sources"] = sources_digest()
    recorded["triton"][triton.__version__] = measured()
    text = json.dumps(recorded, indent=1, sort_keys=True) + "\n"
    if options.write:
        FIGURES.write_text(text)
    else:
        sys.stdout.write(text)


if __name__ == "__main__":
    sys.path.insert(0, str(ROOT))
    main()

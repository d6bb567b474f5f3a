"""The nodes' contracts read without ComfyUI: `define_schema` runs against declarations that are recorded.

    python tests/helpers/recorded_schemas.py

prints what tests/schema_lock.json holds, as JSON; a process of its own, since it stands in for ComfyUI:
nothing of a node is executed.
"""

import asyncio
import importlib.util
import json
import sys
from collections.abc import Iterator
from importlib.machinery import ModuleSpec
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any

PACK = Path(__file__).parents[2]
STANDS_FOR = (
    "comfy", "comfy_api", "comfy_execution", "comfy_extras", "comfyui_version", "folder_paths",
    "latent_preview", "node_helpers", "server",
)  # fmt: skip
KEPT = ("default", "min", "max", "step", "multiline", "control_after_generate")
PACK_NAME = "pack"
OF_COMFYUI = "…"  # stands in a list for choices that ComfyUI knows


class Unknown(type):
    """Anything of ComfyUI: can be called, subclassed, read from, gone through, used as a type or a path."""

    def __getattr__(cls, name: str) -> "Unknown":
        if name.startswith("__"):
            raise AttributeError(name)
        return anything(name)

    def __call__(cls, *arguments: object, **options: object) -> object:
        return super().__call__(*arguments, **options) if cls.__module__.startswith(PACK_NAME) else cls

    def __iter__(cls) -> Iterator[str]:
        return iter([OF_COMFYUI])

    def __fspath__(cls) -> str:
        return str(PACK)  # a folder without pictures or sounds

    def __or__(cls, other: object) -> "Unknown":
        return cls

    __ror__ = __or__


def anything(name: str) -> Unknown:
    """A new thing of ComfyUI."""
    return Unknown(name, (), {})


class Modules:
    """Finds ComfyUI's modules and makes them of Anything."""

    def find_spec(self, name: str, path: object = None, target: object = None) -> ModuleSpec | None:
        if name.partition(".")[0] in STANDS_FOR:
            return ModuleSpec(name, self, is_package=True)
        return None

    def create_module(self, spec: ModuleSpec) -> ModuleType:
        module = ModuleType(spec.name)
        module.__getattr__ = lambda attribute: _attribute(spec.name, attribute)
        return module

    def exec_module(self, module: ModuleType) -> None:
        """There is nothing to run."""


def _attribute(module: str, name: str) -> object:
    if name.startswith("__"):
        raise AttributeError(name)
    if (module, name) == ("comfy_api.latest", "io"):
        return Io()
    return anything(name)


class Io:
    """`comfy_api.latest.io`: every declaration becomes the entry that the lock has for it."""

    ComfyNode = anything("ComfyNode")
    NodeOutput = anything("NodeOutput")
    Hidden = anything("Hidden")
    UploadType = anything("UploadType")
    Input = dict  # in annotations

    class ControlAfterGenerate:
        fixed = "fixed"

    class DynamicCombo:
        @staticmethod
        def Input(name: str, options: list[dict], **_: object) -> dict:
            return _entry(name, "COMFY_DYNAMICCOMBO_V3", {}) | {"options": options}

        @staticmethod
        def Option(key: str, inputs: list[dict]) -> dict:
            return {"key": key, "inputs": required_first(inputs)}

    class MultiType:
        @staticmethod
        def Input(name: str, types: list["Kind"], **options: object) -> dict:
            return _entry(name, ",".join(kind.name for kind in types), options)

    @staticmethod
    def Custom(name: str) -> "Kind":
        return Kind(name)

    @staticmethod
    def Schema(**declared: Any) -> SimpleNamespace:
        return SimpleNamespace(**declared)

    def __getattr__(self, name: str) -> "Kind":
        return Kind(KINDS[name])


KINDS = {
    "AnyType": "*", "AudioEncoder": "AUDIO_ENCODER", "Audio": "AUDIO", "Boolean": "BOOLEAN", "Clip": "CLIP",
    "ClipVision": "CLIP_VISION", "Combo": "COMBO", "Conditioning": "CONDITIONING", "Float": "FLOAT",
    "Guider": "GUIDER", "Image": "IMAGE", "Int": "INT", "Latent": "LATENT", "Mask": "MASK", "Model": "MODEL",
    "ModelPatch": "MODEL_PATCH", "Sigmas": "SIGMAS", "String": "STRING", "Vae": "VAE", "Video": "VIDEO",
    "WidgetInput": "",
}  # fmt: skip


class Kind:
    """A socket's type."""

    def __init__(self, name: str):
        self.name = name

    def Input(self, name: str, **options: object) -> dict:
        return _entry(name, self.name, options)

    def Output(self, id: str = "", display_name: str | None = None, **_: object) -> dict:
        return {"name": display_name or id or self.name, "type": self.name}


def required_first(inputs: list[dict]) -> list[dict]:
    """ComfyUI's own order."""
    return sorted(inputs, key=lambda entry: entry["optional"])


def _entry(name: str, kind: str, options: dict[str, Any]) -> dict:
    entry = {"id": name, "type": kind, "optional": bool(options.get("optional", False))}
    if kind == "COMBO":
        choices = list(options["options"])
        entry["options"] = None if OF_COMFYUI in choices else choices
    if kind == "STRING":
        entry["multiline"] = False
    return entry | {key: options[key] for key in KEPT if key in options}


def contracts() -> dict[str, dict]:
    """By node id."""
    sys.meta_path.insert(0, Modules())
    spec = importlib.util.spec_from_file_location(
        PACK_NAME, PACK / "__init__.py", submodule_search_locations=[str(PACK)]
    )
    pack = sys.modules[PACK_NAME] = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(pack)
    nodes = asyncio.run(asyncio.run(pack.comfy_entrypoint()).get_node_list())
    schemas = [node.define_schema() for node in nodes]
    return {
        schema.node_id: {"inputs": required_first(schema.inputs), "outputs": schema.outputs}
        for schema in sorted(schemas, key=lambda schema: schema.node_id)
    }


if __name__ == "__main__":
    json.dump(contracts(), sys.stdout)

"""Where ComfyUI lies on a machine, and how a server of it is started with this pack."""

import json
import os
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from ..errors import MultiTalkError
from ..files.home import home_folder

PACK = Path(__file__).absolute().parents[2]
PACK_NAME = "ComfyUI-MultiTalk"
DISABLED = ".disabled"  # ends the name of a pack that ComfyUI leaves out


@dataclass(frozen=True)
class ComfyPlace:
    """ComfyUI on this machine.

    Attributes
    ----------
    folder : Path
    python : Path
        Its interpreter.
    """

    folder: Path
    python: Path

    @classmethod
    def find(cls, folder: Path | None, python: Path | None) -> "ComfyPlace":
        """Find ComfyUI: in `folder`, else COMFYUI_PATH, where this pack is installed, ~/ComfyUI.

        Parameters
        ----------
        folder, python : Path or None
            As the options of the command give them; `python` is else COMFYUI_PYTHON, or .venv in the folder.

        Raises
        ------
        MultiTalkError
            When it is nowhere.
        """
        places = [folder] if folder else list(_usual_folders())
        given = python or (Path(os.environ["COMFYUI_PYTHON"]) if "COMFYUI_PYTHON" in os.environ else None)
        for place in places:
            interpreter = given or place / ".venv" / "bin" / "python"
            if (place / "main.py").is_file() and interpreter.is_file():
                return cls(place.absolute(), interpreter.absolute())
        looked = ", ".join(map(str, places)) or "no folder"
        raise MultiTalkError(
            f"There is no ComfyUI with its Python on {os.uname().nodename} (looked in {looked}): name its "
            "folder with --comfyui and its interpreter with --comfyui-python, or set COMFYUI_PATH and "
            "COMFYUI_PYTHON."
        )

    @property
    def has_pack(self) -> bool:
        """Whether this pack, or a copy of it, is among its custom nodes."""
        packs = (self.folder / "custom_nodes").glob("*/multitalk_core/__init__.py")
        return any(path.parents[1].suffix != DISABLED for path in packs)

    def extra_paths(self, folder: Path) -> list[str]:
        """Options that add this pack to a ComfyUI without it; links and settings go to `folder`.

        Raises
        ------
        MultiTalkError
            When this pack was installed without its nodes.
        """
        if self.has_pack:
            return []
        if not (PACK / "nodes" / "__init__.py").is_file():
            raise MultiTalkError(
                f"ComfyUI in {self.folder} has no {PACK_NAME} among its custom nodes, and multitalk_core in "
                f"{PACK} was installed without nodes: put the pack into {self.folder / 'custom_nodes'}."
            )
        nodes = folder / "custom_nodes"
        nodes.mkdir(exist_ok=True)
        link = nodes / PACK_NAME
        link.unlink(missing_ok=True)
        link.symlink_to(PACK, target_is_directory=True)
        settings = folder / "extra_model_paths.yaml"
        settings.write_text(json.dumps({"farm": {"custom_nodes": str(nodes)}}))  # JSON is YAML too
        return ["--extra-model-paths-config", str(settings)]


def _usual_folders() -> Iterable[Path]:
    if "COMFYUI_PATH" in os.environ:
        yield Path(os.environ["COMFYUI_PATH"])
        return
    if PACK.parent.name == "custom_nodes":
        yield PACK.parent.parent
    if (home := home_folder()) is not None:
        yield home / "ComfyUI"

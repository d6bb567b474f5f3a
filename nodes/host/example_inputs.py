"""The templates' pictures, voices and video, where ComfyUI's loaders find them."""

import logging
import shutil
from pathlib import Path

import folder_paths

EXAMPLES = Path(__file__).parents[2] / "workflows" / "inputs"


def offer_examples() -> None:
    """Copy the examples that ComfyUI's input folder lacks. Their names begin with multitalk_."""
    folder = Path(folder_paths.get_input_directory())
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for example in EXAMPLES.iterdir():
            if not (folder / example.name).exists():
                shutil.copyfile(example, folder / example.name)
    except OSError as error:
        logging.warning(
            "[MultiTalk] The templates open without their example files, because %s cannot be written (%s): "
            "choose files of your own in them.",
            folder,
            error.strerror,
        )

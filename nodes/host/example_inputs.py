"""The templates' pictures, voices and video, where ComfyUI's loaders find them."""

import logging
import shutil
from pathlib import Path

import folder_paths

from ...multitalk_core.files.whole import whole_file

EXAMPLES = Path(__file__).parents[2] / "workflows" / "inputs"


def offer_examples() -> None:
    """Copy the examples that ComfyUI's input folder lacks. Their names begin with multitalk_."""
    folder = Path(folder_paths.get_input_directory())
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for example in EXAMPLES.iterdir():
            if not (folder / example.name).exists():
                with whole_file(folder / example.name) as part:
                    shutil.copyfile(example, part)
    except OSError as error:
        logging.warning(
            "[MultiTalk] The templates open without their example files (%s: %s): choose files of your own "
            "in them.",
            error.filename2 or error.filename or folder,
            error.strerror,
        )

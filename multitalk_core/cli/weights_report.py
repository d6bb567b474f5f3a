"""The weight files of the measures: which are there, and original files converted."""

from pathlib import Path

from ..errors import MultiTalkError
from ..measures.weight_conversion import convert_measure_weights
from ..measures.weight_files import WEIGHT_FILES, read_measure_weights


def print_weights(folder: Path | None) -> None:
    """Say of every weight file whether it is in the folder, and where it comes from.

    Raises
    ------
    MultiTalkError
        When no folder is named.
    """
    if folder is None:
        raise MultiTalkError("Name the FILMS to score, or --weights to see which weight files are there.")
    for name, entry in WEIGHT_FILES.items():
        state = "usable"
        if not (folder / entry.file).exists():
            state = "missing"
        else:
            try:
                read_measure_weights(folder, name)
            except MultiTalkError as error:
                state = f"not usable. {error}"
        print(f"{entry.serves:<15}{entry.file:<24}{state}")
        print(f"{'':15}from {entry.original}, {entry.source}")
        print(f"{'':15}licence: {entry.licence}")


def convert_weights(source: Path, folder: Path | None) -> None:
    """Convert an original weight file, or those in a folder, and say what was written.

    Raises
    ------
    MultiTalkError
        When there is nowhere to write, nothing to convert, or a file that cannot be.
    """
    if folder is None:
        raise MultiTalkError("--convert-weights writes into the folder of --weights: name it.")
    names = [entry.original for entry in WEIGHT_FILES.values()]
    files = [source / name for name in names if (source / name).is_file()] if source.is_dir() else [source]
    if not files:
        raise MultiTalkError(f"The folder {source} has none of {', '.join(names)}: name another one.")
    folder.mkdir(parents=True, exist_ok=True)
    failed = []
    for file in files:
        try:
            print(f"{file}: converted to {convert_measure_weights(file, folder)}")
        except MultiTalkError as error:
            failed.append(str(error))
    if failed:
        raise MultiTalkError(" ".join(failed))

"""Models that ComfyUI does not list: folders, and GGUF files."""

from pathlib import Path

import folder_paths


def list_model_folders(kind: str) -> list[str]:
    """Folders with a config.json under ComfyUI's folders of this kind, by their paths within them."""
    return sorted(
        config.parent.relative_to(root).as_posix()
        for root in folder_paths.get_folder_paths(kind)
        for config in Path(root).rglob("config.json")
        if config.parent != Path(root)
    )


def list_models(kind: str) -> list[str]:
    """Folders, and files that lie in none of them."""
    folders = list_model_folders(kind)
    files = folder_paths.get_filename_list(kind)
    return folders + [name for name in files if Path(name).parent.as_posix() not in folders]


def list_adapters() -> list[str]:
    """Files in models/model_patches, GGUF's among them."""
    found = set(folder_paths.get_filename_list("model_patches"))
    for root in folder_paths.get_folder_paths("model_patches"):
        files, *_ = folder_paths.recursive_search(root, excluded_dir_names=[".git"])
        found.update(folder_paths.filter_files_extensions(files, [".gguf"]))
    return sorted(found)


def model_path(kind: str, name: str) -> str:
    """Where a listed folder or file lies."""
    for root in folder_paths.get_folder_paths(kind):
        if (Path(root) / name / "config.json").is_file():
            return str(Path(root) / name)
    return folder_paths.get_full_path_or_raise(kind, name)

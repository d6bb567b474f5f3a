"""Whether a ComfyUI has this pack, and how it gets it."""

import pytest

from multitalk_core.errors import MultiTalkError
from multitalk_core.farm import comfy_place
from multitalk_core.farm.comfy_place import PACK, ComfyPlace


def place(folder, pack: str) -> ComfyPlace:
    core = folder / "ComfyUI" / "custom_nodes" / pack / "multitalk_core"
    core.mkdir(parents=True)
    (core / "__init__.py").touch()
    return ComfyPlace(folder / "ComfyUI", folder / "python")


def test_a_pack_among_the_custom_nodes_is_used(tmp_path):
    assert place(tmp_path, "MyMultiTalk").extra_paths(tmp_path) == []


def test_a_pack_that_is_disabled_is_none(tmp_path):
    options = place(tmp_path, "ComfyUI-MultiTalk.disabled").extra_paths(tmp_path)
    assert options == ["--extra-model-paths-config", str(tmp_path / "extra_model_paths.yaml")]
    assert (tmp_path / "custom_nodes" / "ComfyUI-MultiTalk").resolve() == PACK.resolve()


def test_a_package_without_nodes_cannot_be_lent(tmp_path, monkeypatch):
    """As after `pip install .`, which takes multitalk_core alone."""
    monkeypatch.setattr(comfy_place, "PACK", tmp_path / "site-packages")
    with pytest.raises(MultiTalkError, match=r"without nodes: put the pack into .*custom_nodes"):
        place(tmp_path, "other.disabled").extra_paths(tmp_path)

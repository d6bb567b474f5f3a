"""The workflows that ship, as tables; `make_workflows.py` turns them into ComfyUI's formats."""

"""What every test run says at its end."""


def pytest_terminal_summary(terminalreporter) -> None:
    """Say it plainly when the tests on a real ComfyUI were left out."""
    skipped = [
        report for report in terminalreporter.stats.get("skipped", []) if "no ComfyUI" in report.longrepr[2]
    ]
    if skipped:
        terminalreporter.write_line(
            f"{len(skipped)} tests were skipped because there is no ComfyUI: "
            "set COMFYUI_PATH and COMFYUI_PYTHON, or install it in ~/ComfyUI."
        )

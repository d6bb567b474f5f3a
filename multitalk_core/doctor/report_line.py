"""What a check finds: a sentence, and how bad it is."""

import traceback
from dataclasses import dataclass
from pathlib import Path

from ..errors import MultiTalkError, quoted
from ..guards.words import Word

GPU_MEMORY = (
    "The GPU is out of memory: close other programs that use it, or let weights wait in main memory "
    "(--offload group; ComfyUI does so by itself)."
)
MAIN_MEMORY = "This machine is out of main memory: close other programs, or use smaller or quantised weights."


class Verdict(Word):
    """How bad it is."""

    PASS = "pass"
    WARN = "warn"
    FAIL = "fail"


@dataclass(frozen=True)
class ReportLine:
    """One line of the report.

    Attributes
    ----------
    verdict : Verdict
    sentence : str
        What was found; of a warning or a failure also what to do.
    """

    verdict: Verdict
    sentence: str

    def __str__(self) -> str:
        return f"**{self.verdict}** {self.sentence}"


def passed(sentence: str) -> ReportLine:
    """Nothing to do."""
    return ReportLine(Verdict.PASS, sentence)


def warned(sentence: str) -> ReportLine:
    """A film can be made, but not as one would expect."""
    return ReportLine(Verdict.WARN, sentence)


def failed(sentence: str) -> ReportLine:
    """No right film can be made."""
    return ReportLine(Verdict.FAIL, sentence)


def sentence_of(error: Exception) -> str:
    """What ended a check, and what to do."""
    import torch

    if isinstance(error, MultiTalkError):
        return str(error)
    if isinstance(error, torch.OutOfMemoryError):
        return GPU_MEMORY
    if isinstance(error, MemoryError) or "not enough memory" in str(error) or "allocate memory" in str(error):
        return MAIN_MEMORY
    if isinstance(error, OSError):
        name = "A file" if error.filename is None else quoted(error.filename)
        return f"{name} cannot be used ({error.strerror or quoted(error)}): check its path and permissions."
    last = traceback.extract_tb(error.__traceback__)[-1]
    reason = str(error).strip().partition("\n")[0]
    return (
        f"The check ended in {Path(last.filename).name}, line {last.lineno} ({type(error).__name__}: "
        f"{quoted(reason)}): that is a bug; attach this report to a bug report."
    )

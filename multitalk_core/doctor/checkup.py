"""All checks, one after another: what fails in one does not end the others."""

import os
import re
from collections.abc import Callable, Collection, Generator
from datetime import date
from itertools import chain
from pathlib import Path
from typing import TypeVar

from ..errors import LONGEST_MESSAGE, printable
from ..files.home import home_folder
from .report_line import ReportLine, Verdict, failed, sentence_of

Result = TypeVar("Result")
Check = Generator[ReportLine, None, Result]

FOLDERS = re.compile(r"(?<![\w.:/\\)\]])(?:[A-Za-z]:|~)?(?:[\\/][^\\/:;,()\s\"']+)*[\\/](?=[^\\/:;,()\s\"'])")


class Checkup:
    """Runs checks and keeps their findings; folders of the user never enter them.

    Parameters
    ----------
    private : collection of Path
        Files and folders that the user named, of which only names are shown.
    on_line : callable
        Gets each line of the report as it is found.
    """

    def __init__(self, private: Collection[Path], on_line: Callable[[str], None]) -> None:
        self.sections: dict[str, list[ReportLine]] = {}
        self._names = names_of(private)
        self._on_line = on_line
        self._shown = ""

    def run(self, section: str, check: Check[Result]) -> Result | None:
        """Run a check; its findings go into a section of the report.

        Returns
        -------
        The check's result, or None where it ended early, which is a finding too.
        """
        self.sections.setdefault(section, [])
        try:
            while True:
                self._add(section, next(check))
        except StopIteration as done:
            result: Result = done.value
            return result
        except Exception as error:
            self._add(section, failed(sentence_of(error)))
            return None

    def _add(self, section: str, finding: ReportLine) -> None:
        sentence = printable(without_folders(finding.sentence, self._names), LONGEST_MESSAGE)
        found = ReportLine(finding.verdict, sentence)
        self.sections[section].append(found)
        if section != self._shown:
            self._on_line(f"## {section}")
            self._shown = section
        self._on_line(f"- {found}")

    def count(self, verdict: Verdict, section: str | None = None) -> int:
        """How many findings of a section, or of all, are as bad as that."""
        lines = chain(*self.sections.values()) if section is None else self.sections.get(section, [])
        return sum(line.verdict is verdict for line in lines)

    def summary(self) -> str:
        """How many checks passed, warned and failed."""
        warnings, failures = self.count(Verdict.WARN), self.count(Verdict.FAIL)
        return (
            f"{self.count(Verdict.PASS)} passed, {warnings} warning{'' if warnings == 1 else 's'}, "
            f"{failures} failure{'' if failures == 1 else 's'}."
        )

    def report(self, *, ended_early: bool = False) -> str:
        """The whole report, in Markdown."""
        lines = ["# MultiTalk doctor", "", f"{date.today().isoformat()}: {self.summary()}"]
        if ended_early:
            lines += ["", "The doctor was stopped before its last check."]
        for section, found in self.sections.items():
            lines += ["", f"## {section}", "", *(f"- {finding}" for finding in found)]
        return "\n".join(lines) + "\n"


def names_of(private: Collection[Path]) -> dict[str, str]:
    """What to put in place of paths, the longest paths first."""
    paths = [each for path in private for each in (path, path.absolute())]
    written = {str(path): path.name for path in paths if len(path.parts) > 1}
    written |= {f"{parent}{os.sep}": "" for path in paths for parent in path.parents if parent.name}
    home = home_folder()
    written |= {str(home): "the home folder"} if home is not None and home.name else {}
    return dict(sorted(written.items(), key=lambda pair: -len(pair[0])))


def without_folders(text: str, names: dict[str, str]) -> str:
    """A sentence with the names of files in place of their paths."""
    for path, name in names.items():
        text = text.replace(path, name)
    return FOLDERS.sub("", text)

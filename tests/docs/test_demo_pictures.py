"""What README says of the demo's film comes from the command itself."""

from pathlib import Path

from multitalk_core.evaluation.binding_score import BindingScore, Interval
from tools.make_demo_pictures import PRINTED, quoted

README = Path(__file__).parents[2] / "README.md"
OLD = """Each mouth follows its own voice: correlation
+0.72 with its own, −0.05 with the other (95 % interval of
the difference +0.50 to +0.93), as the command prints."""
NEW = """Each mouth follows its own voice: correlation
+0.81 with its own, −0.25 with the other (95 % interval of
the difference +0.90 to +1.20), as the command prints."""


def test_what_the_demo_prints_is_quoted():
    score = BindingScore(Interval(0.81, 0.7, 0.9), Interval(-0.25, -0.4, 0.1), Interval(1.06, 0.9, 1.2))
    numbers = [*PRINTED.search(f"mouths: a.png binding: {score}; 95% intervals").groups()]
    assert numbers == ["+0.81", "-0.25", "+0.90", "+1.20"]
    assert quoted(OLD, [number.replace("-", "−") for number in numbers]) == NEW


def test_readme_has_the_sentence():
    assert "WORD with" in quoted(README.read_text(encoding="utf-8"), ["WORD"] * 4)

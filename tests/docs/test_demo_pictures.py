"""What README says of the demo's film comes from the command itself."""

from pathlib import Path

from multitalk_core.evaluation.binding_score import BindingScore, Interval
from tools.make_demo_pictures import PRINTED, quoted

README = Path(__file__).parents[2] / "README.md"


def test_readme_quotes_what_the_demo_prints():
    score = BindingScore(Interval(0.81, 0.7, 0.9), Interval(-0.25, -0.4, 0.1), Interval(1.06, 0.9, 1.2))
    numbers = [*PRINTED.search(f"mouths: a.png binding: {score}; 95% intervals").groups()]
    assert numbers == ["+0.81", "-0.25", "+0.90", "+1.20"]
    numbers[1] = numbers[1].replace("-", "−")
    readme = README.read_text(encoding="utf-8")
    changed = quoted(readme, numbers)
    assert quoted(changed, numbers) == changed != readme and len(changed) == len(readme)
    differing = [new for new, old in zip(changed.split(), readme.split(), strict=True) if new != old]
    assert differing == ["+0.81", "−0.25", "+0.90", "+1.20),"]

"""The verifier on damaged and forged evidence: a verdict each time, and never that what was changed holds.

`script/bench evidence` runs ten times as many.
"""

from collections import Counter
from pathlib import Path

import pytest
from hypothesis import settings

from drawing.verify import verify
from tests.drawing.fuzzing import VERDICTS, Fuzz, run

CASES = 20 * settings().max_examples
"""2,000, and 400 in script/check."""
PARTS = 8


def test_the_evidence_that_is_damaged_holds_and_is_small(tmp_path: Path) -> None:
    fuzz = Fuzz(0, tmp_path)
    (tmp_path / "whole.zip").write_bytes(fuzz.zipped)
    assert verify(tmp_path / "whole.zip").exit_code == 0
    assert sum(map(len, fuzz.files.values())) < 100_000


@pytest.mark.parametrize("part", range(PARTS))
def test_damaged_and_forged_evidence_gets_a_verdict(part: int, tmp_path: Path) -> None:
    seen = Counter(run(part, CASES // PARTS, tmp_path))
    assert sum(seen.values()) == CASES // PARTS
    assert {int(each.split()[-1]) for each in seen} <= VERDICTS
    assert {each.split()[-1] for each in seen} >= {"1", "65"}

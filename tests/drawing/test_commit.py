"""The commit's optional key `others`: there only where there is something to say, and then in one form."""

from __future__ import annotations

from typing import Any

import pytest

from drawing.bodies import FACTS, BadBody, check_shape, is_old
from drawing.commit import Commit
from drawing.eligibility import Avoid
from drawing.pool import Counts
from tests.drawing.test_golden import CONDITIONS

LOT = "440100-2026-0001-1"
OTHER = [[LOT, "与前次抽取的不是同一标段"]]


def commit_body() -> dict[str, Any]:
    """One of the older form."""
    made = Commit(
        activity="CQSQ202611230001",
        avoid=Avoid(),
        conditions=CONDITIONS,
        draw=1,
        counts=Counts({"c1": [5, 2], "c2": [5, 0]}, {}),
        lots=(LOT,),
        pool_root="0" * 64,
        pool_size=12,
        previous=(None,),
        rules="demo-1",
        system_share_hash="0" * 64,
        witnesses=(),
    )
    return made.to_json()


@pytest.mark.parametrize("facts", [None, FACTS])
def test_others_stand_beside_either_form(facts: int | None) -> None:
    body = commit_body() | ({} if facts is None else {"facts": facts})
    assert is_old("commit", body) is (facts is None)
    assert Commit.from_json(body).to_json() == body
    said = body | {"others": OTHER}
    assert is_old("commit", said) is (facts is None)
    assert Commit.from_json(said).to_json() == said


@pytest.mark.parametrize(
    "others",
    [[], None, [[LOT, ""]], [[LOT]], OTHER * 2, [["x", "别的"]], {LOT: "别的"}],
)
def test_others_of_another_form_are_refused(others: Any) -> None:
    with pytest.raises(BadBody):
        Commit.from_json(commit_body() | {"others": others})


def test_no_other_type_has_them() -> None:
    with pytest.raises(BadBody):
        check_shape("complete", {"agreed": 1, "seats": 1, "others": OTHER})

"""Errors come out of a child process as they went in: one that can't be unpickled breaks its pool for good."""

from __future__ import annotations

import pickle

import psycopg2
import pytest

from db.errors import Conflict, Constraint, DatabaseError, DiskFull, StatementError, Unavailable
from db.session import taken


@pytest.mark.parametrize(
    "error",
    [
        Conflict(Constraint.UNIQUE, "one_expert_per_seat", "pick"),
        StatementError("no", "22000"),
        Unavailable("away"),
        DiskFull("no space"),
    ],
)
def test_an_error_survives_the_way_out_of_a_child(error: DatabaseError) -> None:
    back = pickle.loads(pickle.dumps(error))
    assert type(back) is type(error)
    assert str(back) == str(error)
    assert vars(back) == vars(error)


def test_a_cursor_that_closes_before_it_is_read_is_a_lost_database() -> None:
    def take(cursor: object) -> None:
        raise psycopg2.InterfaceError("cursor already closed")

    with pytest.raises(Unavailable):
        taken(take, None)

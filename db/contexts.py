"""Every place where a sealed value stands: table, column, the columns that name its row, and how its length is hidden.

A value is sealed for one place and one row (`Column.at`) and opens nowhere else, so that nobody who can write to the database
can give an expert another's telephone number. `key` never changes during a row's life and is known before the row is written:
an id that a sequence gives is fetched first (`next_ids`). A new sealed column gets its line here, and in `COLUMNS`.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from json.encoder import encode_basestring as _text
from typing import NamedTuple

from db.blocking import BlockingTransaction

SHORT, NAME_STEP, LIST_STEP = 32, 64, 256
"""Bytes to whose multiples plain text is padded: numbers; names and addresses (21 Chinese characters); lists of people."""
_NEXT_IDS = "SELECT nextval(pg_get_serial_sequence(%(table)s, 'id')) AS id FROM generate_series(1, %(count)s)"


@dataclass(frozen=True, slots=True)
class Column:
    """A sealed column.

    step: the sealed length tells the plain one only to a multiple of this many bytes. hashed: the column that holds the keyed
    hash of the plain text, and the hash's kind. former: what layout 1 was sealed for (`{}` stands for the row's key); empty for a
    column that never had layout 1.
    """

    table: str
    column: str
    key: tuple[str, ...]
    former: str
    step: int = 1
    hashed: tuple[str, str] | None = None
    place: bytes = field(init=False, repr=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "place", f"[{_text(self.table)},{_text(self.column)}".encode())

    def at(self, *row: int | str) -> Context:
        """The context of one row's value; `row` are the values of `key`, in their order."""
        if len(row) != len(self.key):
            raise ValueError(f"{self.table} is keyed by {', '.join(self.key)}, not by {len(row)} values")
        return Context(self, row)


class Context(NamedTuple):
    """Where one sealed value stands. It holds no secret, so it can be logged. A tuple: a snapshot makes two for each expert."""

    column: Column
    row: tuple[int | str, ...]

    @property
    def authenticated(self) -> bytes:
        """What is authenticated with the value, as JSON; different for each two places.

        >>> EXPERT_PHONE.at(17).authenticated
        b'["expert","phone_enc",17]'
        """
        column, row = self
        if len(row) == 1 and isinstance(row[0], int):  # nearly all, a million in one snapshot
            return b"%b,%d]" % (column.place, row[0])
        values = "".join([f",{_text(value)}" if isinstance(value, str) else f",{value}" for value in row])
        return b"%b%b]" % (column.place, values.encode())

    @property
    def former(self) -> bytes:
        """As `authenticated`, for layout 1."""
        return self.column.former.format(*self.row).encode()

    def __str__(self) -> str:
        return f"{self.column.table}.{self.column.column} of row {', '.join(map(str, self.row))}"


EXPERT_NAME = Column("expert", "name_enc", ("id",), "expert.name", NAME_STEP, ("name_hash", "name"))
EXPERT_ID_CARD = Column("expert", "id_card_enc", ("id",), "expert.id_card", SHORT, ("id_card_hash", "id_card"))
EXPERT_PHONE = Column("expert", "phone_enc", ("id",), "expert.phone", SHORT, ("phone_hash", "phone"))
AVOIDED_NAME = Column("avoidance", "name_enc", ("id",), "avoidance.name", NAME_STEP, ("name_hash", "name"))
WITNESS_NAME = Column("witness", "name_enc", ("no",), "witness.name", NAME_STEP)
WITNESS_PHONE = Column("witness", "phone_enc", ("no",), "witness.phone", SHORT, ("phone_hash", "phone"))
SUPERVISOR_NAME = Column("supervisor", "name_enc", ("id",), "", NAME_STEP)
SUPERVISOR_PHONE = Column("supervisor", "phone_enc", ("id",), "", SHORT, ("phone_hash", "phone"))
STAFF_PHONE = Column("call", "staff_phone_enc", ("id",), "call.staff_phone", SHORT, ("staff_phone_hash", "phone"))
MAIL_ADDRESS = Column("message", "address_enc", ("activity", "kind", "matter"), "message.address", NAME_STEP)
ACTIVITY_KEY = Column("activity", "key_enc", ("id",), "activity-key")
PEOPLE = Column("activity", "people_enc", ("id",), "activity.people", LIST_STEP)
SYSTEM_SHARE = Column("draw", "system_share_enc", ("activity", "no"), "system-share")
POOL_KEY = Column("draw", "pool_key_enc", ("activity", "no"), "pool-key")
POOL_BLOCK = Column("pool_block", "data", ("activity", "draw", "n"), "pool-block")
STANDING_BLOCK = Column("standing_block", "data", ("activity", "draw", "condition", "n"), "standing-block")
NAME_BLOCK = Column("name_block", "data", ("activity", "draw", "first"), "")
ORDER_BLOCK = Column("order_block", "data", ("activity", "draw", "condition", "n"), "order-block")
ATTACHMENT = Column("attachment", "data_enc", ("id",), "attachment")  # its size and hash stand beside it in clear
RECORDING = Column("recording", "data_enc", ("call",), "call.recording {}")

COLUMNS = (
    EXPERT_NAME, EXPERT_ID_CARD, EXPERT_PHONE, AVOIDED_NAME, WITNESS_NAME, WITNESS_PHONE, SUPERVISOR_NAME,
    SUPERVISOR_PHONE, STAFF_PHONE, MAIL_ADDRESS, ACTIVITY_KEY, PEOPLE, SYSTEM_SHARE, POOL_KEY, POOL_BLOCK, NAME_BLOCK,
    STANDING_BLOCK, ORDER_BLOCK, ATTACHMENT, RECORDING,
)  # fmt: skip
"""All sealed columns of the database."""

SIGNING_KEY = Column("file", "signing key", (), "service signing key")
"""Not in the database, but in a file beside the master key."""


def next_ids(tx: BlockingTransaction, table: str, count: int) -> list[int]:
    """Ids for rows that are still to be written, from the table's own sequence: a COPY may give them."""
    return [row.id for row in tx.all(_NEXT_IDS, {"table": table, "count": count})]

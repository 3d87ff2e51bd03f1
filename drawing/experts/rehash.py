"""Names are found by the keyed hash of their normal form. Rows from before there was one are hashed anew here, once.

The database can't: it has no key. So the worker does it before it takes its first draw, and `python -m drawing.experts rehash`
does it by hand. Each batch is a transaction that also notes how far it is: whoever is stopped goes on from there, and two at
once take turns.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import Any

from db.blocking import BlockingTransaction, transaction
from db.contexts import AVOIDED_NAME, EXPERT_NAME, Column
from db.queries import load
from db.vault import Undecipherable, Vault
from drawing.normal_forms import normal_name

LOG = logging.getLogger(__name__)
BATCH = 20_000
_Q = load("drawing.experts")
_PROGRESS, _DONE = _Q.rehash_progress, _Q.rehashed
_TABLES = {
    "expert": (_Q.expert_names, _Q.set_expert_name_hash, EXPERT_NAME),
    "avoidance": (_Q.avoidance_names, _Q.set_avoidance_name_hash, AVOIDED_NAME),
}


def rehash_names(dsn: str, vault: Vault, told: Callable[[int], None] = lambda rows: None) -> int:
    """Bring every name's hash up to date; how many were another one. `told` hears after each batch how many were looked at.

    A name that does not open is left as it is and logged by its row's number. While layout 1 is accepted nothing is done: before
    db.reseal seals a name for its row, it compares the name with the hash that it was stored with.
    """
    if vault.former_opens:
        LOG.warning("names are not hashed anew before python -m db.reseal has finished")
        return 0
    changed = seen = 0
    for what in _TABLES:
        while rows := _batch(dsn, vault, what):
            changed, seen = changed + rows[1], seen + rows[0]
            told(seen)
    return changed


def _batch(dsn: str, vault: Vault, what: str) -> tuple[int, int] | None:
    """How many names were looked at, and how many hashes changed; None when nothing is left."""
    listing, update, column = _TABLES[what]
    with transaction(dsn) as tx:
        progress = tx.one(_PROGRESS, {"what": what})
        if progress.up_to >= progress.last:
            return None
        values = {"after": progress.up_to, "last": progress.last, "limit": BATCH}
        rows = tx.all(listing, values)
        changed = sum(_rehash(tx, vault, update, column, row) for row in rows)
        tx.run(_DONE, {"what": what, "up_to": rows[-1].id if len(rows) == BATCH else progress.last})
    return len(rows), changed


def _rehash(tx: BlockingTransaction, vault: Vault, update: str, column: Column, row: Any) -> bool:
    try:
        name = vault.decrypt(bytes(row.name_enc), column.at(row.id)).decode()
    except Undecipherable as error:
        LOG.error("%s: its hash stays as it is", error)
        return False
    hashed = vault.keyed_hash("name", normal_name(name))
    return hashed != bytes(row.name_hash) and tx.run(update, {"id": row.id, "hash": hashed}) > 0

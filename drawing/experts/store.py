"""Takes a file of experts into the pool: all of it, or nothing. Name, 证件号 and phone are sealed before
they leave us.

Other modules open them again with `NAME`, `ID_CARD` and `PHONE`, and find them with `keyed_hash` of
the same kinds.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

from db.blocking import BlockingTransaction, Value, transaction
from db.errors import Conflict
from db.queries import load
from db.vault import Vault, confirm_blocking
from drawing.experts.identity import mask
from drawing.experts.read_csv import Report, read_experts
from drawing.experts.row import ExpertRow

# Purposes of sealing. The kinds of keyed hash are "name", "id_card" and "phone".
NAME = "expert.name"
ID_CARD = "expert.id_card"
PHONE = "expert.phone"

_QUERIES = load("drawing.experts")
_INSERT_IMPORT = _QUERIES.insert_pool_import
_KNOWN = _QUERIES.known_experts
_GATHER, _PUT_IN = _QUERIES.gather_terms, _QUERIES.put_in_terms
_BATCH = 5000
_COLUMNS = (
    "name_enc", "id_card_enc", "phone_enc", "name_hash", "id_card_hash", "phone_hash", "residence", "willing",
    "specialties", "title", "qualifications", "authorities", "unit", "former_units", "suspended",
)  # fmt: skip
Progress = Callable[[int], None]


class ImportRefused(Exception):
    """The file has faults; nothing of it was taken in. `report` says all."""

    def __init__(self, report: Report) -> None:
        super().__init__(f"{len(report.bad)} bad rows")
        self.report = report


@dataclass(frozen=True)
class _Source:
    path: Path
    encoding: str

    def good(self, report: Report, progress: Progress) -> Iterator[tuple[int, ExpertRow]]:
        return read_experts(self.path, report, self.encoding, progress)


def import_file(
    path: Path,
    dsn: str,
    vault: Vault,
    by: str,
    encoding: str = "utf-8",
    progress: Progress = lambda rows: None,
) -> int:
    """Take the file in, in one transaction; the number of experts. `by`: who does it, for the record.

    Raises BadFile, ImportRefused, VaultRefused, or what the database raises; then the pool is as it
    was before.
    """
    source = _Source(path, encoding)
    with transaction(dsn) as tx:
        confirm_blocking(vault, tx)
        tx.run(_GATHER)
        try:
            rows = _copy(tx, source, vault, progress)
        except (ImportRefused, Conflict) as error:
            report = _full_report(source, dsn, vault)
            if report.bad:
                raise ImportRefused(report) from None
            raise error
        tx.run(_PUT_IN)
        tx.run(_INSERT_IMPORT, {"file_sha256": _sha256(path), "rows": rows, "by": by})
    return rows


def _copy(tx: BlockingTransaction, source: _Source, vault: Vault, progress: Progress) -> int:
    """Stream the rows in until the first bad one."""
    report = Report()

    def rows() -> Iterator[Sequence[Value]]:
        for _, expert in source.good(report, progress):
            if report.bad:
                raise ImportRefused(report)
            yield columns_of(expert, vault)

    tx.copy("expert", _COLUMNS, rows())
    if report.bad:
        raise ImportRefused(report)
    return report.rows


def columns_of(expert: ExpertRow, vault: Vault) -> tuple[Value, ...]:
    """The row of table `expert`: sealed, hashed, in the order of _COLUMNS."""
    name, id_card, phone = expert.name, expert.id_card, expert.phone
    return (
        vault.encrypt(name.encode(), NAME),
        vault.encrypt(id_card.encode(), ID_CARD),
        vault.encrypt(phone.encode(), PHONE),
        vault.keyed_hash("name", name),
        vault.keyed_hash("id_card", id_card),
        vault.keyed_hash("phone", phone),
        expert.residence,
        expert.willing,
        expert.specialties,
        expert.title,
        expert.qualifications,
        expert.authorities,
        expert.unit,
        former_json(expert),
        expert.suspended,
    )


def former_json(expert: ExpertRow) -> str:
    """曾任职单位 as the column wants it: [["name", "2025-06-30"], …]."""
    if not expert.former_units:
        return "[]"
    return json.dumps([[unit.name, unit.until.isoformat()] for unit in expert.former_units], ensure_ascii=False)


def _full_report(source: _Source, dsn: str, vault: Vault) -> Report:
    """All faults of the file, those against the pool included."""
    report = Report()
    with transaction(dsn) as tx:
        rows = source.good(report, lambda rows: None)
        while batch := list(islice(rows, _BATCH)):
            for number, column, number_text in _known(tx, batch, vault):
                report.add(number, column, f"{mask(number_text)} 已在专家库中")
    return report


def _known(tx: BlockingTransaction, batch: list[tuple[int, ExpertRow]], vault: Vault) -> Iterator[tuple[int, str, str]]:
    phones = [vault.keyed_hash("phone", expert.phone) for _, expert in batch]
    id_cards = [vault.keyed_hash("id_card", expert.id_card) for _, expert in batch]
    for place, kind in tx.all(_KNOWN, {"phones": phones, "id_cards": id_cards}):
        number, expert = batch[place]
        yield (number, "手机号码", expert.phone) if kind == "phone" else (number, "证件号", expert.id_card)


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()

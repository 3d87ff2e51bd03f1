"""Takes a file of experts into the pool: all of it, or nothing. Name, 证件号 and phone are sealed before
they leave us, each for its own row; other modules find them by keyed hash of the kinds "name", "id_card" and "phone".
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from itertools import islice
from pathlib import Path

from db.blocking import BlockingTransaction, Value, transaction
from db.contexts import EXPERT_ID_CARD, EXPERT_NAME, EXPERT_PHONE, next_ids
from db.errors import Conflict
from db.queries import load
from db.vault import Vault, confirm_blocking
from drawing.experts.compare import differing
from drawing.experts.read import Source, read_experts
from drawing.experts.report import SHOWN_ROWS, Report
from drawing.experts.row import ExpertRow
from drawing.normal_forms import normal_name

_QUERIES = load("drawing.experts")
_INSERT_IMPORT = _QUERIES.insert_pool_import
_KNOWN, _PHONES = _QUERIES.known_experts, _QUERIES.known_phones
_MAKE_ROOM, _TIDY = _QUERIES.make_room, _QUERIES.tidy_pool
_GIVE_UP = "ROLLBACK"
_BATCH = 5000
COLUMNS = (
    "id", "name_enc", "id_card_enc", "phone_enc", "name_hash", "id_card_hash", "phone_hash", "residence", "willing",
    "specialties", "title", "qualifications", "authorities", "unit", "former_units", "suspended",
)  # fmt: skip
Progress = Callable[[int], None]


class ImportRefused(Exception):
    """The file has faults; nothing of it was taken in. `report` says all."""

    def __init__(self, report: Report) -> None:
        super().__init__(f"{len(report.bad)} bad rows, {report.compared.known} known")
        self.report = report


def import_file(
    source: Source,
    dsn: str,
    vault: Vault,
    by: str,
    *,
    progress: Progress = lambda rows: None,
    listing: Callable[[], None] = lambda: None,
    shown: int = SHOWN_ROWS,
    also: Callable[[BlockingTransaction, Report], None] = lambda tx, report: None,
) -> int:
    """Take the file in, in one transaction; the number of experts.

    `by`: who does it, for the record. `listing` is told when, after the first fault, the file is read again to list
    them all; `progress` then begins anew. `shown`: of how many bad rows the reasons are kept. `also` writes what must
    be true exactly when the experts are in; the report that it gets counts the rows and says what was left out.

    Raises BadFile, ImportRefused, VaultRefused, or what the database raises; then the pool is as it was before.
    """
    with transaction(dsn) as tx:
        confirm_blocking(vault, tx)
        tx.run(_MAKE_ROOM)
        try:
            taken = _copy(tx, source, vault, progress)
        except (ImportRefused, Conflict) as error:
            tx.run(_GIVE_UP)  # what was copied is of no use, and its locks would only be in the way
            listing()
            report = _full_report(source, dsn, vault, Report(shown), progress)
            if report.bad or report.compared.known:
                raise ImportRefused(report) from None
            raise error
        tx.run(_TIDY)
        tx.run(_INSERT_IMPORT, {"file_sha256": sha256_of(source.path), "rows": taken.rows, "by": by})
        also(tx, taken)
    return taken.rows


def _copy(tx: BlockingTransaction, source: Source, vault: Vault, progress: Progress) -> Report:
    """Stream the rows in, batch by batch because each needs its id first, until the first bad one."""
    report = Report()
    rows = read_experts(source, report, progress)
    while batch := list(islice(rows, _BATCH)):
        if report.bad:
            break
        ids = next_ids(tx, "expert", len(batch))
        columns = (columns_of(key, expert, vault) for key, (_, expert) in zip(ids, batch, strict=True))
        tx.copy("expert", COLUMNS, columns)
    if report.bad:
        raise ImportRefused(report)
    return report


def columns_of(key: int, expert: ExpertRow, vault: Vault) -> tuple[Value, ...]:
    """The row of table `expert` with the id `key`: sealed, hashed, in the order of COLUMNS."""
    name, id_card, phone = expert.name, expert.id_card, expert.phone
    return (
        key,
        vault.encrypt(name.encode(), EXPERT_NAME.at(key)),
        vault.encrypt(id_card.encode(), EXPERT_ID_CARD.at(key)),
        vault.encrypt(phone.encode(), EXPERT_PHONE.at(key)),
        vault.keyed_hash("name", normal_name(name)),
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


def _full_report(source: Source, dsn: str, vault: Vault, report: Report, progress: Progress) -> Report:
    """All faults of the file, and how its good rows stand to the pool."""
    with transaction(dsn) as tx:
        rows = read_experts(source, report, progress)
        while batch := list(islice(rows, _BATCH)):
            _compare(tx, batch, vault, report)
    return report


def _compare(tx: BlockingTransaction, batch: list[tuple[int, ExpertRow]], vault: Vault, report: Report) -> None:
    phones = [vault.keyed_hash("phone", expert.phone) for _, expert in batch]
    id_cards = [vault.keyed_hash("id_card", expert.id_card) for _, expert in batch]
    known = {row.place: row for row in tx.all(_KNOWN, {"id_cards": id_cards})}
    owners = dict(map(tuple, tx.all(_PHONES, {"phones": phones})))
    for place, (number, expert) in enumerate(batch):
        person = known.get(place)
        if owners.get(place, person and person.id) != (person and person.id):
            report.add(number, "手机号码", "库中另一位专家已用此号码：请核对号码和证件号")
        elif person is None:
            report.compared.new.append(number)
        elif columns := differing(expert, person, vault.keyed_hash("name", normal_name(expert.name)), phones[place]):
            report.compared.changed[number] = columns
        else:
            report.compared.same.append(number)


def sha256_of(path: Path) -> str:
    """Hex SHA-256 of a file."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()

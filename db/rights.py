"""What each role of the database may do: exactly what its process needs. `db.migrate` grants this after the last migration, and
takes away whatever else these roles were given.

Migrations grant nothing to these roles: a new table, or a new need, is one line here. docs/security.md has the table, and
tests/attack/test_roles.py compares it with PostgreSQL cell by cell.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import NamedTuple

from db.blocking import BlockingTransaction

WORKER, CONSOLE, AUDITOR = "expertline_worker", "expertline_console", "expertline_auditor"
ROLES: Mapping[str, str] = {"worker": WORKER, "console": CONSOLE, "auditor": AUDITOR}
"""The processes `python -m ivr`, `python -m web` and `python -m drawing.audit`, and the role with which each connects."""
OLD_ROLE = "expertline_service"
"""With which all processes connected before they had roles of their own; may do nothing any more, once it is retired."""
PRIVILEGES = ("SELECT", "INSERT", "UPDATE", "DELETE", "TRUNCATE", "REFERENCES", "TRIGGER")

_ACT = "INSERT (actor, role, act, activity, remark)"
_DRAFT = "name, seats, district, bid_opening, evaluation_start, evaluation_end, media, on_site, drawn_before, remark, people_enc"
_CONDITION = "mode, regions, main, backup, titles, qualifications, authorities, seats"
_NOTICE = "venue, district, address, room, gather_at, contact, contact_phone, note"
_PROJECT = (
    "name, code, kind, region, funding, approval, method, organisation, tenderer_kind, investment, investment_code, "
    "tenderer, tenderer_code, agency, agency_code, contact_phone, contact"
)
_EXPERT = (
    "id, name_enc, id_card_enc, phone_enc, name_hash, id_card_hash, phone_hash, residence, willing, specialties, title, "
    "qualifications, authorities, unit, former_units, suspended"
)
_CALL = "id, flow, activity, pick, expert, attempt, not_before, matter"

# table -> process -> rights, each for the whole table or for some of its columns. Whatever is not here nobody may.
RIGHTS: Mapping[str, Mapping[str, tuple[str, ...]]] = {
    "activity": {
        "worker": ("SELECT", "UPDATE (state, started_at, owed, closed_at)"),
        "console": (
            "SELECT",
            f"INSERT (id, kind, rules, key_enc, project, {_DRAFT})",
            f"UPDATE (state, started_at, owed, deleted_at, project, {_DRAFT})",
        ),
        "auditor": ("SELECT (id, started_at, state, rules, deleted_at, closed_at)",),
    },
    "activity_before": {"worker": ("SELECT",), "console": ("SELECT", "INSERT", "DELETE")},
    "activity_lot": {
        "worker": ("SELECT",), "console": ("SELECT", "INSERT", "DELETE"), "auditor": ("SELECT (activity, lot)",),
    },
    "activity_owner": {"worker": ("SELECT (activity, company)",), "console": ("SELECT", "INSERT", "DELETE")},
    "another_lot": {
        "worker": ("SELECT (activity, lot, reason, seen, reviewer, at)",),
        "console": ("SELECT", "INSERT (activity, lot, reason, seen, reviewer)", "DELETE"),
    },
    "appointment": {
        "worker": ("SELECT", "INSERT", "DELETE"), "console": ("SELECT",), "auditor": ("SELECT (pick, expert, activity)",),
    },
    "attachment": {"console": ("SELECT", "INSERT (id, activity, name, size, sha256, data_enc, by)", "DELETE")},
    "audit_run": {
        "console": ("SELECT",),
        "auditor": ("SELECT (started_at)", "INSERT (started_at, activities, entries, leaves, operations, findings, shown)"),
    },
    "avoidance": {
        "worker": ("SELECT", "UPDATE (name_hash)"),  # hashed anew by the normal form of names
        "console": ("SELECT", "INSERT (id, activity, unit, code, name_enc, name_hash, id_card_hash, reason, fixed)", "DELETE"),
    },
    "call": {
        "worker": (
            "SELECT",
            f"INSERT ({_CALL}, witness, draw)",
            "UPDATE (flow, attempt, state, not_before, by_wall, node, epoch, dialled_at, dialled_ahead, trunk, outcome, "
            "decided_at, evidence, evidence_hash, trail, ended_at, ended_ahead, numbers, trunk_result, trunk_end)",
        ),
        # a trigger refuses the console everything but cancelling what waits
        "console": (
            "SELECT", f"INSERT ({_CALL}, staff_phone_enc, staff_phone_hash, supervisor)", "UPDATE (state, outcome, ended_at)",
        ),
        "auditor": ("SELECT (id, activity, pick, witness, outcome, evidence, evidence_hash)",),
    },
    "call_progress": {"worker": ("SELECT", "INSERT", "UPDATE (epoch, stage, since)", "DELETE"), "console": ("SELECT",)},
    "clock": {"worker": ("SELECT",), "console": ("SELECT",)},
    "clock_step": {"worker": ("SELECT", "INSERT (clock, step_s, node)"), "console": ("SELECT",)},
    "condition": {
        "worker": ("SELECT",),
        "console": ("SELECT", "INSERT", f"UPDATE ({_CONDITION})", "DELETE"),
        "auditor": (f"SELECT (activity, id, position, {_CONDITION})",),
    },
    "draw": {
        "worker": (
            "SELECT",
            "INSERT (activity, no, commit_hash, system_share_enc, pool_key_enc, pool_size, opens_lead_s)",
            "UPDATE (witnessed_at, sealed_at, unsealed_at, names_nobody)",
        ),
        "console": ("SELECT", "UPDATE (unsealed_at, names_nobody)"),  # a look opens what is due where no worker lives
        "auditor": (
            "SELECT (activity, no, commit_hash, pool_size, witnessed_at, sealed_at, unsealed_at, names_nobody, opens_lead_s)",
        ),
    },
    "expert": {
        "worker": ("SELECT", "UPDATE (language, name_hash)"),
        "console": ("SELECT", f"INSERT ({_EXPERT})", "UPDATE (suspended)"),
    },
    "form_press": {"console": ("SELECT", "INSERT (key, content)", "UPDATE (answer)", "DELETE")},
    "inbound": {
        "worker": (
            "SELECT",
            "INSERT (channel, trunk, caller_hash, place, node, epoch)",
            "UPDATE (epoch, place, wanted_at, outcome, trail, ended_at, ended_ahead, call, why_not)",
        ),
    },
    "ledger": {"worker": ("SELECT", "INSERT"), "console": ("SELECT",), "auditor": ("SELECT",)},
    "ledger_head": {
        "worker": ("SELECT", "INSERT (activity, draw, size, root, given, whom)"),
        "console": ("SELECT", "INSERT (activity, draw, size, root, given, whom)"),
        "auditor": ("SELECT",),
    },
    "live_number": {"worker": ("SELECT",)},  # a trigger writes it, with the rights of its owner
    "login_failure": {"console": ("SELECT", "INSERT (scope, key, failures)", "UPDATE (failures, last_at)", "DELETE")},
    "login_known_place": {"console": ("SELECT", "INSERT (key)", "UPDATE (last_at)", "DELETE")},
    "lot": {
        "worker": ("SELECT", "UPDATE (project_keys, code_key)"),  # those from before there were keys
        "console": ("SELECT", "INSERT", "UPDATE (project, name, code, project_keys, code_key)", "DELETE"),
    },
    "message": {
        "worker": (
            "SELECT",
            "INSERT (kind, matter, activity, pick, witness, draw, address_enc)",
            "UPDATE (state, tries, next_try, error, given_up_at, carrier, parts, submitted_at, receipt, receipt_at)",
        ),
        "console": ("SELECT", "UPDATE (state, receipt, receipt_at, submitted_at, given_up_at, error)"),
    },
    "name_block": {"worker": ("SELECT", "INSERT"), "console": ("SELECT",)},
    "node": {
        "worker": (
            "SELECT",
            "INSERT (name)",
            "UPDATE (holder, epoch, lease_until, clock, lease_s, comparable, dialling_stopped_at, dialling_stopped_why,"
            " asterisk_away_at, natural_voice)",
        ),
        "console": ("SELECT",),
    },
    "normal_form_progress": {"worker": ("SELECT", "UPDATE (up_to)")},
    "notice": {"worker": ("SELECT",), "console": ("SELECT", "INSERT", f"UPDATE ({_NOTICE})", "DELETE")},
    "notice_sounds": {
        "worker": ("SELECT", "INSERT (node, activity, says, asked_ahead)", "UPDATE (says, state, asked_at, asked_ahead, made_at)"),
        "console": ("SELECT",),
    },
    "notice_words": {"worker": ("SELECT",), "console": ("SELECT",)},  # a view
    "number_fault": {"worker": ("SELECT", "INSERT (call, expert, activity, draw, fault)")},
    "number_fault_handled": {"console": ("SELECT", "INSERT", "UPDATE (at)")},
    "number_fault_open": {"console": ("SELECT",)},  # a view: what may be shown of number_fault
    "operation": {"worker": ("SELECT (id, at, activity, act, remark)", _ACT), "console": ("SELECT", _ACT), "auditor": ("SELECT",)},
    "operation_chain": {"worker": ("SELECT",), "console": ("SELECT",), "auditor": ("SELECT",)},
    "order_block": {"worker": ("SELECT", "INSERT")},
    "pick": {
        "worker": (
            "SELECT",
            "INSERT (activity, draw, condition, seat, expert, pseudonym, units, rank, code)",
            "UPDATE (outcome, decided_at)",
        ),
        "console": ("SELECT",),
        "auditor": ("SELECT (id, activity, draw, condition, seat, expert, pseudonym, rank, outcome)",),
    },
    "pick_to_person": {"worker": ("SELECT",)},  # a view
    "pool_block": {
        "worker": ("SELECT", "INSERT"), "console": ("SELECT",), "auditor": ("SELECT (activity, draw, n, root)",),
    },
    "pool_import": {"console": ("SELECT", "INSERT (file_sha256, rows, by)")},
    "pool_job": {
        "console": (
            "SELECT",
            "INSERT (file_name, file, size, sha256, encoding, by)",
            "UPDATE (file, state, listing, rows_read, rows_total, bad_rows, reason, created_at, started_at, ended_at, left_out)",
            "UPDATE (same_rows, changed_rows, new_rows)",
        ),
    },
    "pool_problem": {"console": ("SELECT", "INSERT")},
    "preview": {"console": ("SELECT", "INSERT (activity, actor, person, company, condition, band)")},
    "project": {
        "worker": ("SELECT (id, name, code, tenderer, contact_phone)",),
        "console": ("SELECT", f"INSERT (company, handler, handler_name, {_PROJECT})", f"UPDATE (lots_made, {_PROJECT})", "DELETE"),
    },
    "recording": {
        "worker": ("SELECT", "INSERT (call, made_at, seconds, sha256, data_enc)", "UPDATE (data_enc, erased_at)"),
        "console": ("SELECT",),
    },
    "review": {
        "console": (
            "SELECT",
            "INSERT (activity, matter, company, company_name, applicant, reason, terminal)",
            "UPDATE (withdrawn_at, decided_at, passed, remark, reviewer)",
        ),
    },
    "session": {
        "console": ("SELECT", "INSERT (token_hash, provider, identity, csrf, expires_at)", "UPDATE (flash, seen_at)", "DELETE"),
    },
    "standing_block": {"worker": ("SELECT", "INSERT")},
    # the console registers, only the worker's call verifies
    "supervisor": {
        "worker": ("SELECT", "UPDATE (verified_by, verified_at)"),
        "console": (
            "SELECT",
            "INSERT (id, terminal, account, unit, name_enc, phone_enc, phone_hash, language)",
            "UPDATE (unit, name_enc, phone_enc, phone_hash, language, active)",
        ),
    },
    # a trigger refuses the console entries that only the worker writes
    "transcript": {"worker": ("SELECT", "INSERT"), "console": ("SELECT", "INSERT"), "auditor": ("SELECT",)},
    "trunk": {
        "worker": ("SELECT", "INSERT (node, name, position, online)", "UPDATE (position, online, seen_at)", "DELETE"),
        "console": ("SELECT", "UPDATE (mended_at)"),
    },
    "trunk_alarm": {
        "worker": ("SELECT", "INSERT (node, trunk, alarm, calls)", "UPDATE (lifted_at)"),
        "console": ("SELECT", "UPDATE (lifted_at)"),
    },
    "vault": {"worker": ("SELECT", "INSERT (check_value)"), "console": ("SELECT", "INSERT (check_value)")},
    "witness": {
        "worker": ("SELECT",),
        "console": (
            "SELECT",
            "INSERT (no, activity, id, name_enc, phone_enc, phone_hash, supervisor, position)",
            "UPDATE (replaced_at, why_replaced)",
        ),
        "auditor": ("SELECT (activity, id, replaced_at)",),
    },
    "witnessed": {"console": ("SELECT",), "worker": ("SELECT",)},  # a view
    "write_probe": {"console": ("UPDATE (at)",)},
}  # fmt: skip

# sequences whose next value is fetched before a row is written, because its sealed columns are bound to its id
SEQUENCES: Mapping[str, tuple[str, ...]] = {
    "attachment_id_seq": ("console",), "avoidance_id_seq": ("console",), "expert_id_seq": ("console",),
    "supervisor_id_seq": ("console",), "witness_no_seq": ("console",),
}  # fmt: skip

# functions that not everybody may call, and by which process they are called
FUNCTIONS: Mapping[str, tuple[str, ...]] = {
    "shift_clock(double precision)": ("worker",),
    "tidy_pool()": ("console",),
    "witness_unfit(witness)": ("console", "worker"),
}

_RIGHT = re.compile(r"([A-Z]+)(?: \(([a-z0-9_, ]+)\))?")


class Right(NamedTuple):
    """A privilege on a table, or on some of its columns (empty: on all)."""

    privilege: str
    columns: tuple[str, ...]


def rights(table: str, process: str) -> Iterator[Right]:
    """What a process may do with a table.

    >>> list(rights("appointment", "auditor"))
    [Right(privilege='SELECT', columns=('pick', 'expert', 'activity'))]
    """
    for text in RIGHTS.get(table, {}).get(process, ()):
        found = _RIGHT.fullmatch(text)
        if found is None or found[1] not in PRIVILEGES:
            raise ValueError(f"{table}, {process}: {text} is no right")
        yield Right(found[1], tuple(found[2].split(", ")) if found[2] else ())


def grant(tx: BlockingTransaction) -> None:
    """Give each role what stands here, and nothing else; as the owner of the tables. Conflict with another such transaction is
    kept off by the migration's lock."""
    roles = ", ".join(ROLES.values())
    tx.run(
        f"REVOKE ALL ON ALL TABLES IN SCHEMA public FROM {roles}; REVOKE ALL ON ALL SEQUENCES IN SCHEMA public FROM {roles}"
    )
    tx.run(f"GRANT USAGE ON SCHEMA public TO {roles}")
    for table in RIGHTS:
        for process, role in ROLES.items():
            for privilege, columns in rights(table, process):
                some = f" ({', '.join(columns)})" if columns else ""
                tx.run(f"GRANT {privilege}{some} ON {table} TO {role}")
    for sequence, processes in SEQUENCES.items():
        for process in processes:
            tx.run(f"GRANT USAGE ON SEQUENCE {sequence} TO {ROLES[process]}")
    for function, processes in FUNCTIONS.items():
        tx.run(f"REVOKE ALL ON FUNCTION {function} FROM {roles}, PUBLIC")
        for process in processes:
            tx.run(f"GRANT EXECUTE ON FUNCTION {function} TO {ROLES[process]}")


def retire(tx: BlockingTransaction) -> None:
    """The role that all processes shared may do nothing in this database any more."""
    for of in ("ALL TABLES IN SCHEMA", "ALL SEQUENCES IN SCHEMA", "SCHEMA"):
        tx.run(f"REVOKE ALL ON {of} public FROM {OLD_ROLE}")
    for function in FUNCTIONS:
        tx.run(f"REVOKE ALL ON FUNCTION {function} FROM {OLD_ROLE}")

"""Constraints and triggers that keep the rows as they are. Whoever owns the tables can drop them; the audit then says so.

The list names every trigger (but those that only notify), and every unique index and exclusion constraint beside primary
keys, of the tables of a draw and of what nobody may change; a test compares it with the schema.
"""

from __future__ import annotations

from collections.abc import Iterable

from drawing.audit.findings import Finding, Kind

TABLES = (
    "activity", "activity_before", "activity_lot", "another_lot", "appointment", "audit_run", "avoidance", "call", "clock_step",
    "condition", "draw", "expert", "ledger", "ledger_head", "live_number", "lot", "name_block", "operation",
    "operation_chain", "pick", "preview", "project", "recording", "supervisor", "transcript", "witness",
)  # fmt: skip
ONLY_NOTIFY = frozenset({"tell_board"})
GUARDS = frozenset({
    "activity.keep_closed",
    "activity.keep_evaluation_start",
    "activity.keep_state",
    "activity.keep_what_started",
    "activity_before.fixed_by_commit",
    "activity_lot.fixed_by_commit",
    "activity_lot.keep_started",
    "another_lot.keep_started",
    "appointment.keep_appointment",
    "appointment.one_place_at_a_time",
    "audit_run.append_only",
    "avoidance.fixed_by_commit",
    "call.hold_numbers",
    "call.hold_numbers_of_new",
    "call.one_call_per_pick",
    "call.one_call_per_supervisor",
    "call.one_call_per_witness",
    "call.one_live_call_per_expert",
    "call.only_cancelled",
    "clock_step.append_only",
    "condition.condition_activity_position_key",
    "condition.fixed_by_commit",
    "draw.keep_commit_witnessed",
    "draw.keep_opening",
    "draw.keep_unopened",
    "expert.keep",
    "expert.one_expert_per_id_card",
    "expert.one_expert_per_phone",
    "ledger.append_only",
    "ledger.one_leaf_per_log_head",
    "ledger_head.append_only",
    "ledger_head.one_head_per_draw",
    "ledger_head.one_head_per_receipt",
    "lot.keep_drawn_lot",
    "lot.one_whole_per_project",
    "operation.append_only",
    "operation.chain_operation",
    "operation_chain.append_only",
    "operation_chain.chained_once",
    "pick.one_code_per_activity",
    "pick.one_expert_per_seat",
    "pick.picked_once",
    "preview.append_only",
    "project.keep_drawn_project",
    "supervisor.keep_verified",
    "supervisor.one_registration",
    "supervisor.one_telephone_one_supervisor",
    "transcript.append_only",
    "transcript.nothing_after_close",
    "transcript.only_the_console_s",
    "witness.keep_after_commit",
    "witness.keep_witness",
    "witness.one_witness_once",
})  # fmt: skip


def missing(there: Iterable[str]) -> list[Finding]:
    """A finding for each guard that is not among those `there` (in force)."""
    text = "保护记录的约束或触发器已被删除或停用"
    return [Finding(Kind.GUARD_MISSING, guard, text) for guard in sorted(GUARDS - set(there))]

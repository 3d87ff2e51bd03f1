"""The board of a draw (D1) as the console shows it, and who may look."""

from __future__ import annotations

from collections.abc import Mapping, Sequence, Set
from dataclasses import dataclass

from aiohttp import web

from db.pool import Database
from db.vault import Vault
from drawing import witnesses
from drawing.board import Board, Row, Standing, board, sentences, standings
from drawing.chain import Q
from drawing.lifecycle import Act, ActivityState, Role, allowed_acts
from drawing.rules import Rules
from drawing.seats import PickOutcome
from drawing.sound_rules import Sounds
from drawing.sounds import NOTHING, Found, sounds
from drawing.words import AFTER_SHORT
from ivr.messages import outbox
from ivr.messages.outbox import Counts
from web import sessions
from web.identity import Identity
from web.keys import CUSTODY, DATABASE, PROVIDERS
from web.live import EXPIRED, Look, Viewer, event
from web.ownership import seen
from web.pages import PAGES

OFFERED = frozenset({Act.FORCE_END})
"""The ways out of a short draw that have a page."""
SHOWN = 300
"""So many picks are on the board at once: those that are open, then the latest."""


@dataclass(frozen=True, slots=True)
class Picture:
    """One look: the board, each condition's standing, and the picks that are shown."""

    board: Board
    standings: Sequence[Standing]
    rows: Sequence[Row]
    messages: Counts
    calls: Mapping[int, Sequence[str]]
    """What became of each call of the picks that are shown, by pick."""
    unfit: str = ""
    """Why a witness has to be replaced before the draw can be committed, or nothing."""
    sounds: Found = NOTHING
    """声音准备, while the draw may be started."""

    @property
    def names(self) -> Mapping[str, str]:
        """What each condition is called."""
        return {each.condition: each.name for each in self.standings}

    @property
    def is_short(self) -> bool:
        """Nobody eligible is left, and seats are free."""
        return self.board.state is ActivityState.SHORT

    @property
    def over(self) -> bool:
        """Nothing on this board will change any more: it is sealed, or was ended before its pool was fixed."""
        if self.board.state is ActivityState.ENDED and self.board.fingerprint is None:
            return True
        return self.board.sealed and self.board.state is not ActivityState.DRAWING

    @property
    def pausable(self) -> bool:
        """Whether there are calls that a pause could hold: not before the witness, and not after the seal (drawing.halts.pause)."""
        return self.board.state is ActivityState.DRAWING and self.board.witnessed and not self.board.sealed

    @property
    def startable(self) -> bool:
        """Whether 启动抽取 is offered: not while the voice is at work (drawing.sound_rules)."""
        return self.sounds.sounds is not Sounds.MAKING

    @property
    def phase(self) -> str:
        """What the page's buttons depend on; when it changes, the page is loaded again."""
        return f"{self.board.state.value}{' pausable' if self.pausable else ''}{'' if self.startable else ' making'}"

    @property
    def ways(self) -> Mapping[Act, str]:
        """What may lawfully follow when it is short, by the one transition table, as far as the console has a page for it."""
        return {act: AFTER_SHORT[act] for act in allowed_acts(ActivityState.SHORT, Role.HANDLER) if act in OFFERED}

    @property
    def summary(self) -> str:
        """For who hears the page rather than sees it."""
        now = self.board
        return f"{now.state.label}：计划抽取 {now.planned} 人，同意参评 {now.agreed} 人，总呼叫 {now.called} 人"


async def lead_of(db: Database, activity: str) -> int:
    """The rules' time in seconds before 预计评标开始 at which the result opens."""
    return Rules.load(await db.value(Q.rules_of, {"activity": activity})).unseal_lead_s


async def picture(db: Database, vault: Vault, activity: str) -> Picture:
    """The board now."""
    now = await board(db, activity, await lead_of(db, activity))
    rows = shown(now.rows)
    messages = await outbox.counts(db, activity)
    unfit = ""
    if now.state is ActivityState.DRAWING and (now.fingerprint is None or now.sealed):  # a commit is due
        unfit = witnesses.unfit(await witnesses.chosen(db, vault, activity))
    heard = await sounds(db, activity) if now.state is ActivityState.READY else NOTHING
    return Picture(now, await standings(db, now), rows, messages, await sentences(db, rows), unfit, heard)


def shown(rows: Sequence[Row], limit: int = SHOWN) -> Sequence[Row]:
    """All of a committee of any usual size; of thousands those that are open, then the latest, in their order."""
    if len(rows) <= limit:
        return rows
    wanted = [row for row in rows if row.outcome is PickOutcome.OPEN][:limit]
    latest = [row for row in reversed(rows) if row.outcome is not PickOutcome.OPEN][: limit - len(wanted)]
    return sorted([*wanted, *latest], key=lambda row: row.n)


def fragment(app: web.Application, found: Picture) -> str:
    """The part of the page that changes."""
    return app[PAGES].get_template("board.html").render(picture=found)


async def look(app: web.Application, activity: str, viewers: Set[Viewer]) -> tuple[Look, Set[Viewer]]:
    """The board for all who watch it, and who of them may still see it: a statement for all logins, and one for each person."""
    may = await _allowed(app, activity, viewers)
    if not may:
        return EXPIRED, may
    found = await picture(app[DATABASE], app[CUSTODY].vault, activity)
    data = {"html": fragment(app, found), "state": found.board.state.value, "phase": found.phase, "summary": found.summary}
    return Look(*event(data), event({"reload": True}, "end")[1] if found.over else None), may


async def _allowed(app: web.Application, activity: str, viewers: Set[Viewer]) -> Set[Viewer]:
    """Those whose login and right to see the activity last; looking does not lengthen a login."""
    standing = await sessions.standing(app[DATABASE], [viewer.session for viewer in viewers])
    there = [viewer for viewer in viewers if viewer.session.token_hash in standing]
    people = {(viewer.session.provider, viewer.identity) for viewer in there}
    may = {each for each in people if await _may_see(app, *each, activity)}
    return frozenset(viewer for viewer in there if (viewer.session.provider, viewer.identity) in may)


async def _may_see(app: web.Application, provider: str, me: Identity, activity: str) -> bool:
    """Whether this person is still who they were, and still sees the activity."""
    known = app[PROVIDERS].get(provider)
    if known is None or await known.find(me.id) != me:
        return False
    try:
        await seen(app[DATABASE], me, activity)
    except web.HTTPNotFound:
        return False
    return True

"""A driver on a real node with real telephones: what tests/asterisk/test_driver*.py call through."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from uuid import uuid4

from asterisk.far_end import Behaviour
from asterisk.settings import FarEndSettings, NodeSettings
from ivr.ari.client import Client, Node
from ivr.ari.driver import Driver
from ivr.ari.errors import Replaced
from ivr.ari.leg import Decider, Speaker
from ivr.ari.line import Arrival, Line, channel_id
from ivr.calls import Answer, Decision, Flow, Outcome, Recorded, Refused, Trail, Unavailable
from ivr.dialplans import Invitation, Timings
from ivr.hep.receiver import Receiver
from tests.asterisk.audio import RATE, Match, Samples, hear, prompt_sound, read_wav, write_wav

WAIT = 180.0
"""Generous: it ends a test that would hang, it decides nothing."""

QUICK = Timings(
    ring_seconds=20.0,
    reply_seconds=0.6,
    key_guard=0.25,
    confirm_seconds=0.25,
    details_seconds=0.3,
    decide_pause=0.3,
    hang_up_seconds=3.0,
)

SECONDS: Mapping[str, float] = {
    "invitation": 3.0,
    "confirm_accept": 2.0,
    "confirm_decline": 2.0,
    "confirm_wrong_person": 2.0,
    "wrong_key": 2.0,
    "no_key": 0.8,
    "goodbye_no_key": 0.5,
    "received_accept": 0.5,
    "received_decline": 0.5,
    "received_wrong_person": 0.5,
    "details": 0.8,
    "goodbye": 0.5,
    "wait": 0.5,
    "promise_call": 0.5,
    "apology_taken": 0.5,
    "witness_receipt": 1.0,
    "witness_ask": 5.0,
    "witness_readback": 1.5,
    "witness_received": 0.5,
}


def write_prompts(folder: Path) -> Mapping[str, Sequence[str]]:
    """A sound of its own for each prompt, in two files, as prompts of several phrases are."""
    media = {}
    for name, seconds in SECONDS.items():
        sound = prompt_sound(name, seconds)
        half = round(seconds * 5) * RATE // 10
        for part, samples in (("a", sound[:half]), ("b", sound[half:])):
            write_wav(folder / f"{name}-{part}.wav", samples)
        media[name] = [f"sound:{folder}/{name}-a", f"sound:{folder}/{name}-b"]
    return media


@dataclass
class Result:
    """What became of one call."""

    outcome: Outcome
    trail: Trail
    decisions: list[Decision]
    recordings: Path
    number: str

    @property
    def keys(self) -> str:
        return "".join(pressed.key for pressed in self.trail.pressed)

    @property
    def prompts(self) -> list[str]:
        return [heard.prompt for heard in self.trail.heard]

    async def heard(self) -> Samples:
        """What the telephone heard; the far end writes the length into a recording when it closes it."""
        async with asyncio.timeout(WAIT):
            while not (closed := [each for each in self.recordings.glob(f"{self.number}-*.wav") if is_closed(each)]):
                await asyncio.sleep(0.02)
        return read_wav(closed[0])

    async def hears(self, prompt: str, seconds: float | None = None) -> Match:
        """Where the telephone heard the prompt, or its first `seconds`."""
        sound = prompt_sound(prompt, SECONDS[prompt])
        part = sound if seconds is None else sound[: round(seconds * RATE)]
        return hear(part, await self.heard())


def is_closed(wav: Path) -> bool:
    content = wav.read_bytes()
    return len(content) > 44 and int.from_bytes(content[4:8], "little") == len(content) - 8


@dataclass
class Exchange:
    client: Client
    driver: Driver
    listening: asyncio.Task[None]
    media: Mapping[str, Sequence[str]]
    far: FarEndSettings | None
    """None: the telephones are not the far end's."""
    decisions: list[Decision] = field(default_factory=list)
    answers: list[Recorded | Refused | Unavailable] = field(default_factory=list)
    """What the database says, in turn; then always Recorded."""
    subscribers: int = 0

    def line(self, behaviour: Behaviour, trunk: str = "far-end") -> Line:
        self.subscribers += 1
        number = behaviour.number(uuid4().int % 100_000)
        return Line(channel_id(uuid4().hex), number, trunk, "02012345678", notes_talk=True)

    async def call(
        self,
        behaviour: Behaviour,
        timings: Timings = QUICK,
        trunk: str = "far-end",
        flow: Flow | None = None,
        decide: Decider | None = None,
    ) -> Result:
        return await self.run(self.line(behaviour, trunk), flow or Invitation(timings), decide)

    async def run(self, line: Line, flow: Flow, decide: Decider | None = None, speak: Speaker | None = None) -> Result:
        async with asyncio.timeout(WAIT):
            outcome, trail = await self.driver.run(line, flow, self.media, decide or self.decide, speak)
        assert self.far is not None
        return Result(outcome, trail, self.decisions, self.far.recordings, line.number)

    async def decide(self, decision: Decision, trail: Trail) -> Recorded | Refused | Unavailable:
        self.decisions.append(decision)
        assert trail.ended is None or isinstance(decision, Answer)
        return self.answers.pop(0) if self.answers else Recorded()

    async def until_idle(self) -> None:
        """No channel is left on the node (Asterisk lists one for a moment after its end)."""
        async with asyncio.timeout(WAIT):
            while await self.client.channels():
                await asyncio.sleep(0.02)


@contextlib.contextmanager
def listening(node: NodeSettings) -> Iterator[Receiver]:
    """Who hears the copies of the node's SIP, as the worker does."""
    assert node.hep_port is not None
    made = Receiver(node.hep_port, node.ari_password)
    assert made.open()
    try:
        yield made
    finally:
        made.close()


@asynccontextmanager
async def connected(
    node: NodeSettings,
    far: FarEndSettings | None,
    media: Mapping[str, Sequence[str]],
    *,
    app: str | None = None,
    port: int | None = None,
    request_seconds: float = 10.0,
    probe_seconds: float = 5.0,
    arrived: Callable[[Arrival], None] | None = None,
    hep: Receiver | None = None,
    clock: Callable[[], datetime] = lambda: datetime.now(UTC),
) -> AsyncIterator[Exchange]:
    """A connected driver; afterwards it is stopped and no channel may be left. hep: where the node's SIP is listened to; clock: the
    wall clock."""
    url = f"http://127.0.0.1:{port or node.http_port}/ari"
    where = Node(url, node.ari_user, node.ari_password, app or f"test-{uuid4().hex[:8]}")
    async with Client(where, request_seconds=request_seconds, probe_seconds=probe_seconds, hep=hep) as client:
        driver = Driver(client, arrived=arrived, clock=clock)
        listening = asyncio.create_task(client.listen(driver))
        try:
            async with asyncio.timeout(WAIT):
                await client.until_connected()
            exchange = Exchange(client, driver, listening, media, far)
            yield exchange
            await exchange.until_idle()
        finally:
            listening.cancel()
            with contextlib.suppress(asyncio.CancelledError, Replaced):
                await listening
            await driver.stop()


def patient(**changes: float) -> Timings:
    """QUICK, but for what the test is about."""
    return replace(QUICK, **changes)  # type: ignore[arg-type]

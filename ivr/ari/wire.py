"""JSON of ARI, in and out: the only module that knows how it looks (rest-api/events.json of Asterisk
22.10.1).

Inward go small frozen models of the few events that are used; whatever else Asterisk says, or adds to
these, is passed over.
"""

import json
import re
from collections.abc import Collection, Mapping, Sequence
from typing import Final

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter


class _Model(BaseModel):
    model_config = ConfigDict(frozen=True, extra="ignore")


class Caller(_Model):
    """Who calls, as the network says: it can be forged, and empty. Never shown."""

    number: str = Field(default="", repr=False)


class Dialplan(_Model):
    """Where the dialplan stands, for a channel that came from there."""

    app_name: str = ""
    app_data: str = ""


class Channel(_Model):
    """state is ARI's: Down, Ring, Ringing, Up, Busy …; protocol_id is its Call-ID, which the caller chose: it may hold anything."""

    id: str
    state: str = ""
    protocol_id: str = Field(default="", repr=False)


class WholeChannel(Channel):
    """A channel with where it came from; name is technology, endpoint and a number: PJSIP/carrier-00000001."""

    name: str = ""
    caller: Caller = Caller()
    dialplan: Dialplan = Dialplan()

    @property
    def technology(self) -> str:
        """
        >>> WholeChannel(id="1.1", name="Local/13900139000@inbound-00000001;2").technology
        'Local'
        """
        return self.name.partition("/")[0]

    @property
    def endpoint(self) -> str:
        """
        >>> WholeChannel(id="1.1", name="PJSIP/far-end-0000002a").endpoint
        'far-end'
        """
        return self.name.partition("/")[2].rpartition("-")[0]


class Bridge(_Model):
    id: str


class StoredRecording(_Model):
    """A recording on the node's disk, also one that is still being made; name: without the file's ending."""

    name: str = Field(repr=False)


class Playback(_Model):
    """state: queued, playing, continuing, done or failed; done also after a stop, failed also after a
    hangup.
    """

    id: str
    target_uri: str
    state: str

    @property
    def channel_id(self) -> str:
        return self.target_uri.removeprefix("channel:")


class StasisStart(_Model):
    """args: what the dialplan says of a call that it sends here; none for a channel that we made."""

    channel: WholeChannel
    args: tuple[str, ...] = ()


class Dial(_Model):
    """How dialling goes on: RINGING is 180, PROGRESS is 183, ANSWER is 200; what comes to nothing is left to
    ChannelDestroyed.
    """

    peer: Channel
    dialstatus: str


class ChannelDtmfReceived(_Model):
    """Comes when the key is let go; duration_ms is how long it was held."""

    channel: Channel
    digit: str
    duration_ms: int


class ChannelHangupRequest(_Model):
    """Somebody hangs up. tech_cause is the SIP status that the far end really sent."""

    channel: Channel
    cause: int = 0
    tech_cause: int = 0


class ChannelDestroyed(_Model):
    """The channel is gone. tech_cause is not kept: after our own time-out Asterisk writes 480 there by
    itself.
    """

    channel: Channel
    cause: int = 0


class ChannelTalkingStarted(_Model):
    channel: Channel


class ChannelTalkingFinished(_Model):
    """The far side has been silent for HUSH_MS, after it had talked for `duration` ms."""

    channel: Channel
    duration: int


class ChannelHold(_Model):
    """The far side holds the call: it no longer listens, though Asterisk goes on sending."""

    channel: Channel


class ChannelUnhold(_Model):
    channel: Channel


class PlaybackFinished(_Model):
    playback: Playback


class TextMessage(_Model):
    """What is in a SIP MESSAGE; the rest of it (the sender's number) is left unread."""

    body: str


class TextMessageReceived(_Model):
    """A SIP MESSAGE from an endpoint that the application is subscribed to."""

    message: TextMessage


class ApplicationReplaced(_Model):
    pass


class Answer(_Model):
    """To a request over the websocket, which had request_id; the rest is as HTTP would have answered."""

    request_id: str
    status_code: int
    message_body: str = Field(default="", repr=False)


Event = (
    StasisStart
    | Dial
    | ChannelDtmfReceived
    | ChannelHangupRequest
    | ChannelDestroyed
    | ChannelTalkingStarted
    | ChannelTalkingFinished
    | ChannelHold
    | ChannelUnhold
    | PlaybackFinished
    | TextMessageReceived
    | ApplicationReplaced
)

_EVENTS: Final[Mapping[str, type[Event]]] = {
    "StasisStart": StasisStart,
    "Dial": Dial,
    "ChannelDtmfReceived": ChannelDtmfReceived,
    "ChannelHangupRequest": ChannelHangupRequest,
    "ChannelDestroyed": ChannelDestroyed,
    "ChannelTalkingStarted": ChannelTalkingStarted,
    "ChannelTalkingFinished": ChannelTalkingFinished,
    "ChannelHold": ChannelHold,
    "ChannelUnhold": ChannelUnhold,
    "PlaybackFinished": PlaybackFinished,
    "TextMessageReceived": TextMessageReceived,
    "ApplicationReplaced": ApplicationReplaced,
}

HUSH_MS: Final = 500
"""Silence that ends talk: longer than between two words, shorter than between two sentences."""
_LOUDNESS: Final = 512
"""From this mean of 16-bit magnitudes on a frame is talk: twice Asterisk's default, half of a voice at a line's usual level."""

MESSAGES: Final = frozenset({"TextMessageReceived", "ApplicationReplaced"})
CALLS: Final = frozenset(_EVENTS) - {"TextMessageReceived"}
"""What an application may ask for; see Client."""

_ANSWER: Final = "RESTResponse"
_MODELS: Mapping[str, type[Event | Answer]] = {**_EVENTS, _ANSWER: Answer}
_READERS = {name: model.__pydantic_validator__.validate_json for name, model in _MODELS.items()}
_TYPE = re.compile(r'"type":\s*"(\w+)"')
_DIALLING = re.compile(r'"dialstatus":\s*"(?:RINGING|PROGRESS|ANSWER)"')


def read_event(text: str) -> Event | Answer | None:
    """The event or the answer, or None for what is of no use to us.

    The outermost "type" is always the first one, so its value is known before anything is parsed. Raises
    pydantic.ValidationError when one of ours has not the shape that ARI promises.
    """
    found = _TYPE.search(text)
    reader = _READERS.get(found[1]) if found else None
    if reader is None or (found and found[1] == "Dial" and not _DIALLING.search(text)):
        return None
    event: Event | Answer = reader(text)
    return event


def channel_of(event: Event) -> str:
    """The id of the channel that an event is about; empty when it is about none."""
    match event:
        case Dial(peer=peer):
            return peer.id
        case PlaybackFinished(playback=playback):
            return playback.channel_id
        case ApplicationReplaced() | TextMessageReceived():
            return ""
        case _:
            return event.channel.id


_CHANNELS = TypeAdapter(list[WholeChannel])
_BRIDGES = TypeAdapter(list[Bridge])
_RECORDINGS = TypeAdapter(list[StoredRecording])


class RtpStatistics(_Model):
    """GET /channels/{id}/rtp_statistics: RTP packets since the channel began, those of early media with them."""

    txcount: int
    rxcount: int


class Variable(_Model):
    value: str


def says_no_stream(text: str) -> bool:
    """Whether a 404 to rtp_statistics is about a channel that is there, without a stream of sound: its answer had none that was
    offered. (Else the channel is gone.)"""
    return "RTP info" in text


def read_statistics(text: str) -> RtpStatistics:
    return RtpStatistics.model_validate_json(text)


def read_variable(text: str) -> str:
    return Variable.model_validate_json(text).value


def read_channel(text: str) -> Channel:
    return Channel.model_validate_json(text)


def read_channels(text: str) -> list[WholeChannel]:
    return _CHANNELS.validate_json(text)


def read_bridges(text: str) -> list[Bridge]:
    return _BRIDGES.validate_json(text)


def read_recordings(text: str) -> list[StoredRecording]:
    return _RECORDINGS.validate_json(text)


# Everything goes into the body: a request line ends at 4 KB, and numbers have no business in a URL.


def create(app: str, channel: str, endpoint: str, caller_id: str, *, notes_talk: bool = False) -> bytes:
    """POST /channels/create: a channel that has yet to dial. The far end sees `caller_id`, whatever is said of it later. Talk is
    noted from the first sound on: set later, it would hold up the first prompt or wait for its end."""
    variables = {"CALLERID(num)": caller_id, "CONNECTEDLINE(num,i)": caller_id}
    talk = {"TALK_DETECT(set)": f"{HUSH_MS},{_LOUDNESS}"} if notes_talk else {}
    return _json(endpoint=endpoint, app=app, channelId=channel, formats="alaw", variables=variables | talk)


def dial(ring_seconds: float) -> bytes:
    """POST /channels/{id}/dial; 0 would be for ever."""
    return _json(timeout=max(1, round(ring_seconds)))


def hang_up(reason: str) -> bytes:
    """DELETE /channels/{id}."""
    return _json(reason=reason)


def play(media: Sequence[str]) -> bytes:
    """POST /channels/{id}/play/{playback}."""
    return _json(media=list(media))


def bridge(name: str) -> bytes:
    """POST /bridges/{id}."""
    return _json(type="mixing,proxy_media", name=name)


def add(channels: Sequence[str]) -> bytes:
    """POST /bridges/{id}/addChannel: neither is told who the other is, and keys are ours alone."""
    return _json(channel=list(channels), absorbDTMF=True, inhibitConnectedLineUpdates=True)


def record(name: str) -> bytes:
    """POST /bridges/{id}/record."""
    return _json(name=name, format="wav", ifExists="fail")


def event_filter(wanted: Collection[str]) -> bytes:
    """PUT /applications/{app}/eventFilter: only what is wanted is sent at all. Answers pass through it as events do."""
    return _json(allowed=[{"type": name} for name in sorted({*wanted, _ANSWER})])


def subscription(source: str) -> bytes:
    """POST /applications/{app}/subscription."""
    return _json(eventSource=source)


def send_message(trunk: str, number: str, sender: str, text: str, headers: Mapping[str, str]) -> bytes:
    """PUT /endpoints/sendMessage. The trunk's contact says where it goes; sender: number@domain; headers begin with X-."""
    addresses = {"to": f"pjsip:PJSIP/{number}@{trunk}", "from": f"sip:{sender}"}
    return _json(**addresses, body=text, variables=dict(headers))


class Endpoint(_Model):
    """state: online (also where nobody asks, see qualify), offline or unknown."""

    state: str


def read_endpoint(text: str) -> Endpoint:
    return Endpoint.model_validate_json(text)


def over_websocket(request_id: str, method: str, path: str, body: bytes | None) -> str:
    """Any request, as a message on the websocket; see Answer."""
    with_body = {"content_type": "application/json", "message_body": body.decode()} if body else {}
    return json.dumps({"type": "RESTRequest", "request_id": request_id, "method": method, "uri": path, **with_body})


def _json(**fields: object) -> bytes:
    return json.dumps(fields).encode()

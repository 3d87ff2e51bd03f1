import json
import re

import pytest
from pydantic import ValidationError

from ivr.ari import wire

CHANNEL = (
    '{"id":"el01","name":"PJSIP/carrier-00000001","state":"Up","caller":{"name":"","number":"1"},'
    '"dialplan":{"context":"default","exten":"s","priority":1,"app_name":"AppDial2","app_data":""},'
    '"creationtime":"2026-11-23T06:03:17.466+0000","language":"en"}'
)
TAIL = '"asterisk_id":"00:00:00:00:00:01","application":"t"}'
STAMP = '"timestamp":"2026-11-23T06:03:17.467+0000"'
UP = wire.Channel(id="el01", state="Up")
WHOLE = wire.WholeChannel(
    id="el01", state="Up", name="PJSIP/carrier-00000001", caller=wire.Caller(number="1"),
    dialplan=wire.Dialplan(app_name="AppDial2"),
)  # fmt: skip


@pytest.mark.parametrize(
    ("text", "event"),
    [
        (
            f'{{"type":"StasisStart",{STAMP},"args":[],"channel":{CHANNEL},{TAIL}',
            wire.StasisStart(channel=WHOLE),
        ),
        (
            f'{{"type":"StasisStart",{STAMP},"args":["inbound"],"channel":{CHANNEL},{TAIL}',
            wire.StasisStart(channel=WHOLE, args=("inbound",)),
        ),
        (
            f'{{"cause":17,"tech_cause":486,"type":"ChannelHangupRequest",{STAMP},"channel":{CHANNEL},{TAIL}',
            wire.ChannelHangupRequest(channel=UP, cause=17, tech_cause=486),
        ),
        (
            f'{{"cause":32,"soft":true,"type":"ChannelHangupRequest",{STAMP},"channel":{CHANNEL},{TAIL}',
            wire.ChannelHangupRequest(channel=UP, cause=32),
        ),
        (
            f'{{"type":"ChannelDestroyed",{STAMP},"cause":19,"tech_cause":480,"channel":{CHANNEL},{TAIL}',
            wire.ChannelDestroyed(channel=UP, cause=19),
        ),
        (
            f'{{"type":"ChannelDtmfReceived",{STAMP},"digit":"*","duration_ms":120,"channel":{CHANNEL},{TAIL}',
            wire.ChannelDtmfReceived(channel=UP, digit="*", duration_ms=120),
        ),
        (
            f'{{"type":"ChannelTalkingFinished",{STAMP},"duration":8499,"channel":{CHANNEL},{TAIL}',
            wire.ChannelTalkingFinished(channel=UP, duration=8499),
        ),
        (
            f'{{"type":"ChannelTalkingStarted",{STAMP},"channel":{CHANNEL},{TAIL}',
            wire.ChannelTalkingStarted(channel=UP),
        ),
        (
            f'{{"type":"Dial",{STAMP},"dialstatus":"PROGRESS","peer":{CHANNEL},{TAIL}',
            wire.Dial(peer=UP, dialstatus="PROGRESS"),
        ),
        (
            f'{{"type":"Dial",{STAMP},"dialstatus":"ANSWER","peer":{CHANNEL},{TAIL}',
            wire.Dial(peer=UP, dialstatus="ANSWER"),
        ),
        (f'{{"type":"Dial",{STAMP},"dialstatus":"CANCEL","peer":{CHANNEL},{TAIL}', None),
        (f'{{"type":"Dial",{STAMP},"dialstatus":"","peer":{CHANNEL},{TAIL}', None),
        (
            f'{{"type":"PlaybackFinished",{STAMP},"playback":{{"id":"p","media_uri":"sound:a",'
            f'"target_uri":"channel:el01","language":"en","state":"done"}},{TAIL}',
            wire.PlaybackFinished(playback=wire.Playback(id="p", target_uri="channel:el01", state="done")),
        ),
        (f'{{"type":"ApplicationReplaced",{STAMP},{TAIL}', wire.ApplicationReplaced()),
        (
            f'{{"type":"RESTResponse","transaction_id":"","request_id":"7","status_code":404,"reason_phrase":"Not Found",'
            f'"uri":"playbacks/p","content_type":"application/json","message_body":"{{\\"type\\":\\"StasisStart\\"}}",{TAIL}',
            wire.Answer(request_id="7", status_code=404, message_body='{"type":"StasisStart"}'),
        ),
        (
            f'{{"type":"RESTResponse","transaction_id":"","request_id":"8","status_code":204,"uri":"playbacks/p",{TAIL}',
            wire.Answer(request_id="8", status_code=204),
        ),
        (f'{{"type":"ChannelVarset",{STAMP},"variable":"type","value":"StasisStart",{TAIL}', None),
        (f'{{"type":"OfTheFuture",{STAMP},{TAIL}', None),
        ("{}", None),
        ("", None),
    ],
)
def test_reads_what_asterisk_says(text: str, event: wire.Event | wire.Answer | None) -> None:
    assert wire.read_event(text) == event
    spaced = re.sub(r'(?<!\\)":', '": ', text)
    assert wire.read_event(spaced) == event


def test_an_event_without_its_channel_is_not_as_promised() -> None:
    with pytest.raises(ValidationError):
        wire.read_event('{"type":"StasisStart"}')


def test_every_event_knows_its_channel() -> None:
    assert wire.channel_of(wire.StasisStart(channel=WHOLE)) == "el01"
    assert wire.channel_of(wire.Dial(peer=UP, dialstatus="RINGING")) == "el01"
    playback = wire.Playback(id="p", target_uri="channel:el01", state="done")
    assert wire.channel_of(wire.PlaybackFinished(playback=playback)) == "el01"
    assert wire.channel_of(wire.ApplicationReplaced()) == ""


def test_writes_what_ari_reads() -> None:
    shown = {"CALLERID(num)": "02012345678", "CONNECTEDLINE(num,i)": "02012345678"}
    body = json.loads(wire.create("app", "el01", "PJSIP/13800138000@carrier", "02012345678"))
    assert body == {
        "endpoint": "PJSIP/13800138000@carrier",
        "app": "app",
        "channelId": "el01",
        "formats": "alaw",
        "variables": shown,
    }
    noting = json.loads(wire.create("app", "el01", "PJSIP/1@carrier", "02012345678", notes_talk=True))
    assert noting["variables"] == shown | {"TALK_DETECT(set)": "500,512"}
    assert json.loads(wire.play(["sound:a", "sound:b,c"])) == {"media": ["sound:a", "sound:b,c"]}
    assert [json.loads(wire.dial(seconds)) for seconds in (29.6, 0.2)] == [{"timeout": 30}, {"timeout": 1}]  # 0: for ever


def test_a_request_over_the_websocket_carries_its_body_as_text() -> None:
    assert json.loads(wire.over_websocket("1", "DELETE", "channels/el01", None)) == {
        "type": "RESTRequest",
        "request_id": "1",
        "method": "DELETE",
        "uri": "channels/el01",
    }
    sent = json.loads(wire.over_websocket("2", "DELETE", "channels/el01", wire.hang_up("busy")))
    assert (sent["content_type"], json.loads(sent["message_body"])) == ("application/json", {"reason": "busy"})


def test_the_filter_lets_answers_through() -> None:
    allowed = json.loads(wire.event_filter(wire.MESSAGES))["allowed"]
    assert {"type": "RESTResponse"} in allowed


def test_a_callers_number_is_shown_by_no_repr() -> None:
    channel = wire.WholeChannel(id="1.1", name="PJSIP/carrier-00000001", caller=wire.Caller(number="13800138000"))
    assert "13800138000" not in repr(wire.StasisStart(channel=channel, args=("inbound",)))
    assert channel.endpoint == "carrier"

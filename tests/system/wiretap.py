"""All SIP that an Asterisk sent or got, from its logger (res_pjsip_logger), every event of its ARI, and what its channels know."""

from __future__ import annotations

import asyncio
import contextlib
import json
import re
import struct
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import aiohttp

from asterisk.instance import Instance, authorization
from asterisk.program import find_program
from asterisk.settings import FarEndSettings, NodeSettings

_GLOBAL_HEADER, _RECORD_HEADER = 24, 16
_CALL_ID = re.compile(rb"^(?:Call-ID|i)[ \t]*:[ \t]*(.+?)\r?$", re.IGNORECASE | re.MULTILINE)
_MESSAGE = re.compile(rb"(?:[A-Z]+ \S+ SIP/2\.0|SIP/2\.0 \d{3} )")


@dataclass(frozen=True)
class Message:
    """One SIP message, with headers and body as they were on the wire."""

    dialog: str
    """Call-ID."""
    text: str

    @property
    def first_line(self) -> str:
        return self.text.split("\r\n", 1)[0]


def _pcap(instance: Instance[NodeSettings] | Instance[FarEndSettings]) -> Path:
    return instance.settings.folder / "sip.pcap"


async def tap(instance: Instance[NodeSettings] | Instance[FarEndSettings]) -> None:
    """Have it write all SIP from now on."""
    path = _pcap(instance)
    for command in (f"pcap {path}", "verbose off", "on"):
        await console(instance, f"pjsip set logger {command}")


async def tapped(instance: Instance[NodeSettings] | Instance[FarEndSettings]) -> list[Message]:
    """All of it, to the last message: the file is complete only once it is closed."""
    await console(instance, "pjsip set logger off")
    return messages(_pcap(instance))


async def console(instance: Instance[NodeSettings] | Instance[FarEndSettings], command: str) -> None:
    """A command on Asterisk's own console."""
    configuration = str(instance.settings.folder / "etc/asterisk.conf")
    process = await asyncio.create_subprocess_exec(
        *find_program().argv_prefix, "-C", configuration, "-rx", command,
        stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT,
    )  # fmt: skip
    said, _ = await process.communicate()
    assert process.returncode == 0, said.decode()


def messages(pcap: Path) -> list[Message]:
    """Everything in the file."""
    data, found, at = pcap.read_bytes(), [], _GLOBAL_HEADER
    while at < len(data):
        (length,) = struct.unpack_from("<I", data, at + 8)
        assert at + _RECORD_HEADER + length <= len(data), "the file is not complete"
        packet = data[at + _RECORD_HEADER : at + _RECORD_HEADER + length]
        at += _RECORD_HEADER + length
        begin, dialog = _MESSAGE.search(packet), _CALL_ID.search(packet)
        assert begin, packet[:200]
        assert dialog, packet[:200]
        found.append(Message(dialog[1].decode(), packet[begin.start() :].decode(errors="replace")))
    return found


@contextlib.asynccontextmanager
async def every_event(node: Instance[NodeSettings]) -> AsyncIterator[list[dict[str, Any]]]:
    """Every ARI event of the node, of whatever application, as it comes."""
    settings, heard = node.settings, list[dict[str, Any]]()
    headers = {"Authorization": authorization(settings.ari_user, settings.ari_password)}
    url = settings.ari_url.replace("http", "ws", 1) + "/events?app=wiretap&subscribeAll=true"

    async def listen(socket: aiohttp.ClientWebSocketResponse) -> None:
        async for message in socket:
            heard.append(json.loads(message.data))

    async with aiohttp.ClientSession(headers=headers) as session, session.ws_connect(url, max_msg_size=0) as socket:
        task = asyncio.create_task(listen(socket))
        try:
            yield heard
        finally:
            await socket.close()
            await task


@contextlib.asynccontextmanager
async def ari(node: Instance[NodeSettings]) -> AsyncIterator[aiohttp.ClientSession]:
    """A session that its ARI takes."""
    headers = {"Authorization": authorization(node.settings.ari_user, node.settings.ari_password)}
    async with aiohttp.ClientSession(headers=headers) as session:
        yield session


async def json_of(session: aiohttp.ClientSession, url: str, **params: str) -> Any:
    """What is there; None when nothing is."""
    async with session.get(url, params=params) as reply:
        return await reply.json() if reply.status == 200 else None


VARIABLES = (
    "CALLERID(all)", "CALLERID(num)", "CALLERID(name)", "CALLERID(ani)", "CALLERID(dnid)", "CALLERID(rdnis)",
    "CONNECTEDLINE(all)", "CONNECTEDLINE(num)", "CONNECTEDLINE(name)", "REDIRECTING(from-num)", "REDIRECTING(to-num)",
    "REDIRECTING(orig-num)", "CHANNEL(name)", "CHANNEL(pjsip,remote_uri)", "CHANNEL(pjsip,local_uri)",
    "CHANNEL(pjsip,target_uri)", "CHANNEL(pjsip,request_uri)", "BRIDGEPEER", "BRIDGEPVTCALLID", "DIALEDPEERNUMBER",
    "DIALEDPEERNAME", "EXTEN",
)  # fmt: skip


async def all_variables(node: Instance[NodeSettings], channel: str) -> str:
    """Everything that tells of a party."""
    url = f"{node.settings.ari_url}/channels/{channel}"
    async with ari(node) as session:
        found = {"channel": await json_of(session, url)}
        for name in VARIABLES:
            found[name] = await json_of(session, f"{url}/variable", variable=name)
    return json.dumps(found)

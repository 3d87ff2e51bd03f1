"""What the far end's telephones do with a text message (短信 by SIP MESSAGE), and what they got."""

import base64
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from asterisk.far_end import Behaviour
from asterisk.settings import FarEndSettings

_RECEIPTS = {"delivered": "DELIVRD err:000", "failed": "UNDELIV err:001"}


def receiving(behaviour: Behaviour, settings: FarEndSettings) -> Iterator[str]:
    """What the telephone does with a text message: keeps it, and has the network send a receipt (SMPP 3.4, appendix B)."""
    if settings.log:
        line = "${STRFTIME(,,%s.%3q)} ${NUMBER} ${MESSAGE_DATA(X-Message-ID)} ${BASE64_ENCODE(${MESSAGE(body)})}"
        yield f"Set(FILE({settings.messages_log},,,al,u)={line})"
    if behaviour.receipt != "none":
        yield f"Set(MESSAGE(body)=id:${{MESSAGE_DATA(X-Message-ID)}} stat:{_RECEIPTS[behaviour.receipt]})"
        receiver = f"sip:receipts@{settings.node_host}:{settings.node_port}"
        yield f"MessageSend(pjsip:node/{receiver},sip:${{NUMBER}}@{settings.sip_host})"


@dataclass(frozen=True, slots=True)
class LoggedMessage:
    """A line of messages.log: a text message as a telephone got it."""

    at: float
    number: str
    id: str
    text: str


def read_messages(path: Path) -> tuple[LoggedMessage, ...]:
    """The text messages so far, in the order in which they came."""
    if not path.exists():
        return ()
    whole = path.read_text().rpartition("\n")[0].splitlines()
    return tuple(_message(line) for line in whole)


def _message(line: str) -> LoggedMessage:
    at, number, message, text = line.split(" ")
    return LoggedMessage(float(at), number, message, base64.b64decode(text).decode())

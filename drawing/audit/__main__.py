"""`python -m drawing.audit SETTINGS.toml`: audit now, one line per finding (script/audit finds the settings by itself).
`python -m drawing.audit SETTINGS.toml --nightly`: the process that audits each night, until SIGTERM.

Exit codes: 0 nothing was found (nightly: stopped); 1 something was found; 2 wrong arguments; 3 the audit could not be completed,
and a line on standard error says why.
"""

from __future__ import annotations

import argparse
import logging
import os
import signal
import sys
import threading
from collections.abc import Sequence
from pathlib import Path

from db.errors import DatabaseError
from db.logs import start_logging
from db.settings_file import SettingsRefused
from drawing.audit.findings import Finding
from drawing.audit.run import NoSignatures, Result, audit, due, record
from drawing.audit.settings import Settings

LOG = logging.getLogger("audit")
LOOK_SECONDS = 60.0
GENTLE = 10  # nice: a call comes first
_EXPECTED = (DatabaseError, NoSignatures, SettingsRefused, ValueError, OSError)


def once(settings: Settings) -> int:
    """Audit now, print what is found and the numbers, and note that it was complete."""
    result = audit(settings.dsn, settings.public_key.read_bytes(), lambda finding: print(finding.line(), flush=True))
    record(settings.dsn, result)
    print(summary(result))
    return 1 if result.findings else 0


def summary(result: Result) -> str:
    """One line.

    >>> from datetime import UTC, datetime
    >>> summary(Result(datetime(2026, 12, 1, tzinfo=UTC), 2, 30, 5, 60, 0))
    'complete: 2 activities, 30 entries, 5 leaves of the ledger, 60 operations; 0 findings'
    """
    numbers = f"{result.activities} activities, {result.entries} entries, {result.leaves} leaves of the ledger"
    return f"complete: {numbers}, {result.operations} operations; {result.findings} findings"


def nightly(settings: Settings, stop: threading.Event) -> None:
    """Audit when it is due, until `stop`; whatever goes wrong is said, and tried again in a minute."""
    told = ""
    while not stop.is_set():
        try:
            if due(settings.dsn, settings.hour):
                result = audit(settings.dsn, settings.public_key.read_bytes(), _log)
                record(settings.dsn, result)
                LOG.log(logging.ERROR if result.findings else logging.INFO, "%s", summary(result))
            told = ""
        except _EXPECTED as error:
            if str(error) != told:  # once, not each minute
                told = str(error)
                LOG.error("the audit could not be completed, tried again each minute: %s", error)
        stop.wait(LOOK_SECONDS)


def _log(finding: Finding) -> None:
    LOG.error("%s", finding.line())


def main(arguments: Sequence[str]) -> int:
    """The exit code."""
    parser = argparse.ArgumentParser(
        prog="script/audit", description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("settings", type=Path, help="the auditor's settings file (docs/settings.md)")
    parser.add_argument("--nightly", action="store_true", help="stay, and audit each night")
    options = parser.parse_args(arguments)
    try:
        settings = Settings.read(options.settings)
        if not options.nightly:
            return once(settings)
    except _EXPECTED as error:
        print(f"the audit could not be completed: {error}", file=sys.stderr)
        return 3
    start_logging()
    os.nice(GENTLE)
    stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    nightly(settings, stop)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

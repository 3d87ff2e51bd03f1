"""Run a module of ours with the signals that stop it held back until it asks for them: none is lost, and none breaks anything off,
while Python is still importing.

    python -m script.held_signals script.server [ARGUMENT...]
"""

from __future__ import annotations

import runpy
import signal
import sys
from collections.abc import Iterator

HELD = frozenset({signal.SIGTERM, signal.SIGINT, signal.SIGHUP, signal.SIGQUIT})


def hold() -> None:
    """From now on they wait. Processes that are started meanwhile would never get them."""
    signal.pthread_sigmask(signal.SIG_BLOCK, HELD)


def waiting() -> Iterator[signal.Signals]:
    """Those that have come since; they are taken."""
    while (found := signal.sigtimedwait(HELD, 0)) is not None:
        yield signal.Signals(found.si_signo)


def let_go() -> None:
    """From now on they come again."""
    signal.pthread_sigmask(signal.SIG_UNBLOCK, HELD)


if __name__ == "__main__":
    hold()
    sys.argv = sys.argv[1:]
    runpy.run_module(sys.argv[0], run_name="__main__", alter_sys=True)

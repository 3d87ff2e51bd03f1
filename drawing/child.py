"""A child process that ends with its parent.

A process pool's members wait for work on a pipe of which they hold both ends: a parent killed with -9 leaves them
waiting for ever, or computing, with a database connection and its locks.
"""

import multiprocessing
import os
import threading
from multiprocessing.connection import wait


def end_with_parent() -> None:
    """From now on this process ends, wherever it is, when its parent does. The initializer of a pool of processes."""
    parent = multiprocessing.parent_process()
    if parent is None:
        raise RuntimeError("this process was not started by multiprocessing")
    threading.Thread(target=_end_after, args=(parent.sentinel,), daemon=True, name="parent").start()


def _end_after(sentinel: int) -> None:
    wait([sentinel])
    os._exit(1)  # what it was writing is rolled back by the server

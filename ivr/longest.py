"""How long a call may last at most (pure): for whoever waits until none can be alive any more."""

LONGEST_CALL_SECONDS = 1300.0
"""More than Timings.call_seconds, twice: two people talk after staff has been asked."""

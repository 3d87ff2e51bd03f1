"""What can go wrong with ARI, told apart by whose fault it is and by what is known afterwards."""


class AriError(Exception):
    """Any of these."""


class Unsent(AriError):
    """The request never left: nobody listens there. Nothing has happened at the other end."""


class Unanswered(AriError):
    """The request may or may not have been carried out: it timed out, or the connection broke."""


class AccessDenied(AriError):
    """Asterisk refuses our user or password. The message says what to do."""


class IllegalAct(AriError):
    """A mistake of ours: an id used twice, a request that ARI calls invalid, a flow that ended a living
    call.
    """


class Replaced(AriError):
    """Another connection has taken the application over: who sees this must not send anything any more."""


class Abandoned(AriError):
    """The driver was stopped while the call lived. What becomes of the call is for its next holder to
    find out.
    """

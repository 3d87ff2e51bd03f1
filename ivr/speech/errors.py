"""What can go wrong with speech. No message holds what was to be said: that may be a person's name or
number.
"""


class SpeechError(Exception):
    """Something could not be spoken."""


class NoVoice(SpeechError):
    """No engine here, or no voice of a language that is in use. The message says what to install or to set."""


class RenderFailed(SpeechError):
    """The engine died, hung, or made no usable sound, also when asked again."""


class NotYet(SpeechError):
    """The natural voice is still at work on what a call says; it is ready soon, or another voice says it."""


class NotWritten(RenderFailed):
    """A sound was made, and the folder of sounds does not take it: it is full, gone or not ours. So is every call's."""


class BadRecording(SpeechError):
    """A recording of a human voice can't be used. The message names the file and says why."""

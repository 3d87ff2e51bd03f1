"""What can go wrong with speech. No message holds what was to be said: that may be a person's name or
number.
"""


class SpeechError(Exception):
    """Something could not be spoken."""


class NoVoice(SpeechError):
    """No engine here, or no voice of a language that is in use. The message says what to install or to set."""


class RenderFailed(SpeechError):
    """The engine died, hung, or made no usable sound, also when asked again."""


class BadRecording(SpeechError):
    """A recording of a human voice can't be used. The message names the file and says why."""

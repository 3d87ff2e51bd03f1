"""What can go wrong with speech. No message holds what was to be said: that may be a person's name or
number.
"""


class SpeechError(Exception):
    """Something could not be spoken."""


class NoVoice(SpeechError):
    """No engine or no Mandarin voice here. The message says what to install or to set."""


class RenderFailed(SpeechError):
    """The engine died, hung, or made no usable sound, also when asked again."""

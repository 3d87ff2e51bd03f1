"""What is said becomes sound: normaliser, engines, cache. `Speech` is the door; see `ivr.prompts` for the
wording.
"""

from .command import CommandEngine
from .engine import Engine, Pace, Pyttsx3Engine
from .errors import BadRecording, NotWritten, NotYet, NoVoice, RenderFailed, SpeechError
from .recordings import recording_name
from .speech import Speech
from .voices import make_speech

__all__ = [
    "BadRecording",
    "CommandEngine",
    "Engine",
    "NoVoice",
    "NotWritten",
    "NotYet",
    "Pace",
    "Pyttsx3Engine",
    "RenderFailed",
    "Speech",
    "SpeechError",
    "make_speech",
    "recording_name",
]

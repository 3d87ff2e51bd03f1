"""What is said becomes sound: normaliser, engines, cache. `Speech` is the door; see `ivr.prompts` for the
wording.
"""

from .engine import CommandEngine, Engine, Pace, Pyttsx3Engine
from .errors import NoVoice, RenderFailed, SpeechError
from .recordings import recording_name
from .speech import Speech

__all__ = [
    "CommandEngine",
    "Engine",
    "NoVoice",
    "Pace",
    "Pyttsx3Engine",
    "RenderFailed",
    "Speech",
    "SpeechError",
    "recording_name",
]

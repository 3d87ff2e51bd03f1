"""The voice at the command line.

    python -m ivr.speech [FOLDER]          the fixed phrases and the file names under which a human voice may record them
    python -m ivr.speech say TEXT [-h …]   a text as the calls would say it, into a wav; tells which voice has spoken

With the folder of recordings: reads them all as the worker does at its start, and marks each phrase that is recorded;
then the wavs that belong to no phrase (of an older wording, or misnamed).
"""

import sys
from pathlib import Path

from ivr.prompts import Language, fixed_phrases

from . import say
from .errors import BadRecording
from .recordings import Recordings, recording_name


def main(arguments: list[str]) -> int:
    """0; 1 if a recording can't be used, or a text can't be said."""
    if arguments[:1] == ["say"]:
        return say.main(arguments[1:])
    recordings = Recordings(Path(arguments[0]) if arguments else None)
    try:
        recordings.load()
    except BadRecording as error:
        print(f"ivr.speech: {error}", file=sys.stderr)
        return 1
    names = set(recordings.names())
    for language in Language:
        for phrase in fixed_phrases(language):
            name = recording_name(phrase, language)
            mark = ("recorded" if name in names else "-",) if arguments else ()
            print("\t".join((name, language.value, *mark, phrase)))
            names.discard(name)
    for name in sorted(names):
        print(f"{name}\t?\tbelongs to no phrase")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

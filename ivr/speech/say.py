"""`python -m ivr.speech say TEXT`: one text by the very engine of the calls, as the worker's settings choose it."""

from __future__ import annotations

import argparse
import asyncio
import os
import shutil
import sys
import tempfile
from pathlib import Path

from db.settings_file import SettingsRefused
from ivr.prompts.language import Language
from ivr.prompts.parts import Prompt, Text
from ivr.settings import Settings

from .errors import SpeechError
from .speech import Speech
from .voices import make_speech


async def spoken(speech: Speech, text: str, language: Language, to: Path) -> str:
    """Write the wav (8 kHz, as it goes to the telephone); who has spoken. Raises SpeechError."""
    prompt = Prompt("say", (Text(text),), language)
    await speech.start()
    try:
        natural = await speech.make({"say": prompt})
        shutil.copyfile(f"{(await speech.render(prompt))[0]}.wav", to)
        return speech.voice_of(prompt, natural)
    finally:
        await speech.close()


def _speech(cache: Path, settings: Path | None) -> Speech:
    """As the settings say, but into a cache that goes again: what is tried here need not stay."""
    languages = [each.value for each in Language]
    if settings is None:
        folder = os.environ.get("EXPERTLINE_CACHE")
        return make_speech(cache, languages=languages, natural=Path(folder) / "voice" if folder else None)
    wanted = Settings.read(settings).speech
    return make_speech(cache, wanted.recorded, wanted.command, languages, wanted.natural)


def main(arguments: list[str]) -> int:
    """0; 1 with a message if it can't be said."""
    parser = argparse.ArgumentParser(prog="python -m ivr.speech say", description=__doc__)
    parser.add_argument("text", help="hanzi, or English")
    parser.add_argument("--language", choices=[each.value for each in Language], default=Language.MANDARIN.value)
    parser.add_argument("--out", type=Path, default=Path("spoken.wav"), help="the wav; default: spoken.wav")
    parser.add_argument(
        "--settings", type=Path, help="the worker's; default: ivr.toml in $EXPERTLINE_STATE, if it is there"
    )
    given = parser.parse_args(arguments)
    usual = Path(os.environ.get("EXPERTLINE_STATE", "/nowhere")) / "ivr.toml"
    settings = given.settings or (usual if usual.exists() else None)
    try:
        with tempfile.TemporaryDirectory(prefix="speech-") as cache:
            speech = _speech(Path(cache), settings)
            voice = asyncio.run(spoken(speech, given.text, Language(given.language), given.out))
    except (SpeechError, SettingsRefused, OSError) as error:
        sys.stderr.write(f"ivr.speech: {error}\n")
        return 1
    sys.stdout.write(f"{given.out}: {voice}\n")
    return 0

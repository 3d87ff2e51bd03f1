"""`python -m ivr.speech`: the fixed phrases and the file names under which a human voice may record them."""

from ivr.prompts import fixed_phrases

from .recordings import recording_name

for phrase in fixed_phrases():
    print(f"{recording_name(phrase)}\t{phrase}")

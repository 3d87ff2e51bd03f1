"""The natural voice, Kokoro: from hanzi to sound. Optional; `script/setup voice` installs what it needs.

`pinyin` reads hanzi, `symbols` writes what the model was trained on, `stretch` changes the pace; all three are pure.
`process` loads the model and runs alone; `engine` starts it and asks it.
"""

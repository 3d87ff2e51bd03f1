"""How well the voices are understood over a telephone, as a figure: `bench.voice`."""

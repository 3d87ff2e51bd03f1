"""The expert pool (专家库): one expert's row, reading a file of them, taking it in, and generating one for
tests.
"""

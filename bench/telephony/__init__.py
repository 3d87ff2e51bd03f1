"""The three ways in which bench/calls holds one and the same conversation, and what it measures them with."""

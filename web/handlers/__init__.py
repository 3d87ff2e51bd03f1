"""Handlers: each parses, makes one call and renders; what is shown is decided elsewhere."""

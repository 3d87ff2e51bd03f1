"""The audit (全面检查): recomputes all chains from the database (transcripts, ledger, operation log) and compares what the
other tables say with them.

It needs no key but the public one, reads in one snapshot with bounded memory, and changes nothing. What it finds is a
`Finding`; what it can't find is in docs/security.md.
"""

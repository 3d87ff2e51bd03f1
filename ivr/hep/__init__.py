"""Why the other side's network ended a call: its Reason header (RFC 3326), which ARI does not tell.

The node copies every SIP message to a UDP port on loopback (HEP3, Asterisk's res_hep_pjsip). `packet` reads such a copy, `sip` the
little that is needed of the message, `reason_header` its Reasons, `ending` what they say about one call; `receiver` is the socket.
All but the last are pure. A copy has telephone numbers; nothing of it is kept or logged but what `sip.Message` holds.

May import ivr.calls and ivr.outcomes. What a Reason means for a call is in ivr.outcomes.
"""

-- Calls from outside (K4): what was heard of each, as evidence; and the language that a person asked for.

ALTER TYPE call_outcome ADD VALUE 'call_back_asked';

CREATE TABLE inbound ( -- 来电; nothing is decided on it, since a caller's number can be forged
  id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  channel text NOT NULL,                     -- Asterisk's id of it
  trunk text NOT NULL,
  caller_hash bytea,                         -- as expert.phone_hash, never the number; null: it was withheld
  node text NOT NULL REFERENCES node,
  epoch bigint NOT NULL,
  arrived_at timestamptz NOT NULL DEFAULT clock_timestamp(),
  wanted_at timestamptz,                     -- pressed 1: asks to be called back
  outcome call_outcome,
  trail jsonb,                               -- the whole call: prompts and how far, keys with times
  ended_at timestamptz,
  call text REFERENCES call,                 -- the call back that it led to …
  why_not text,                              -- … or why it led to none, or was not answered (ivr.reception.WhyNot)
  CONSTRAINT ended_has_an_outcome CHECK ((ended_at IS NULL) = (outcome IS NULL))
);
CREATE INDEX inbound_of_caller ON inbound (caller_hash, arrived_at);
CREATE INDEX inbound_open ON inbound (node) WHERE ended_at IS NULL;
CREATE INDEX inbound_call ON inbound (call) WHERE call IS NOT NULL;

-- ivr.calls.Language: BCP 47
ALTER TABLE expert ADD COLUMN language text NOT NULL DEFAULT 'cmn' CHECK (language IN ('cmn', 'yue', 'en'));

GRANT SELECT, INSERT, UPDATE ON inbound TO expertline_service;
GRANT USAGE ON ALL SEQUENCES IN SCHEMA public TO expertline_service;

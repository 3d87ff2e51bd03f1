-- What is sent besides calls: 短信 and mail. A row says to whom, about what, and how far it came. It holds neither text nor
-- number nor 验证码: those are made and opened at the moment of sending.

CREATE TYPE message_state AS ENUM ('sending', 'submitted', 'delivered', 'failed'); -- ivr.messages.states.State

CREATE TABLE message (
  id text PRIMARY KEY DEFAULT replace(gen_random_uuid()::text, '-', '') -- goes with the message; its receipt names it
    CHECK (id ~ '^[0-9a-f]{32}$'),
  kind text NOT NULL,                        -- ivr.messages.kinds.Kind
  matter text NOT NULL,                      -- what it is about, to whom: "pick:17"
  activity text NOT NULL REFERENCES activity,
  pick bigint REFERENCES pick,               -- to whom: the expert of a pick …
  witness text,                              -- … a 监督人, about one draw …
  draw int,
  address_enc bytea,                         -- … or a clerk's mail address, sealed
  state message_state NOT NULL DEFAULT 'sending',
  tries int NOT NULL DEFAULT 0,              -- also fences: a sender that woke up late writes nothing over a later one
  next_try timestamptz NOT NULL DEFAULT clock_timestamp(), -- while it is being sent: when it counts as lost
  error text NOT NULL DEFAULT '',            -- why the last try came to nothing, in Chinese
  given_up_at timestamptz,                   -- never handed over, and not tried any more; error says why
  carrier text NOT NULL DEFAULT '',          -- trunk, gateway or mail
  parts int,                                 -- of a 短信: how many the network makes of it
  made_at timestamptz NOT NULL DEFAULT clock_timestamp(),
  submitted_at timestamptz,
  receipt text NOT NULL DEFAULT '',          -- the carrier's word, such as "DELIVRD 000"
  receipt_at timestamptz,
  CONSTRAINT sent_once UNIQUE (kind, matter), -- prevents telling somebody the same twice, whoever asks for it
  CONSTRAINT one_recipient CHECK (num_nonnulls(pick, witness, address_enc) = 1),
  CONSTRAINT witness_of_a_draw CHECK ((witness IS NULL) = (draw IS NULL)),
  -- prevents calling something delivered, or failed, because we think so
  CONSTRAINT only_a_receipt_decides CHECK ((state IN ('delivered', 'failed')) = (receipt_at IS NOT NULL)),
  CONSTRAINT submitted_when CHECK (state <> 'submitted' OR submitted_at IS NOT NULL),
  CONSTRAINT given_up_unsent CHECK (given_up_at IS NULL OR (state = 'sending' AND error <> ''))
);
CREATE INDEX message_due ON message (next_try) WHERE state = 'sending' AND given_up_at IS NULL;
CREATE INDEX message_of_activity ON message (activity);
CREATE INDEX pick_accepted ON pick (decided_at) WHERE outcome = 'accepted'; -- who agreed lately: their details are due
-- who has lately been called about a change: a 短信 follows
CREATE INDEX call_told ON call (dialled_at) WHERE flow IN ('change_of_time', 'withdrawal', 'release');

GRANT SELECT, INSERT, UPDATE ON message TO expertline_service;

-- Where each live call stands, for whoever watches. A hint: nothing is decided by it, and it is no evidence.

-- drawing.stages.Stage: so coarse that it does not tell which key was pressed
CREATE TYPE call_stage AS ENUM (
  'dialling', 'ringing', 'early_media', 'talking', 'inviting', 'briefing', 'notifying', 'replying', 'confirming', 'digits',
  'gathering', 'holding', 'leaving');

-- Apart from `call`, so that noting it waits for no lock that a decision holds, and holds none that a decision waits for.
-- Unlogged: nothing of it reaches a disk that a commit would wait for, and after a crash of PostgreSQL it is empty.
CREATE UNLOGGED TABLE call_progress (
  call text PRIMARY KEY,                     -- no foreign key: to check it would lock the call's row
  epoch bigint NOT NULL,                     -- under which it was noted; of another epoch than the call's it is not shown
  stage call_stage NOT NULL,
  since timestamptz NOT NULL
) WITH (fillfactor = 50);                    -- each row is changed some five times within a minute

GRANT SELECT, INSERT, UPDATE, DELETE ON call_progress TO expertline_service;

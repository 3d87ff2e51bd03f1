-- What administrator and monitoring see of the lines: each trunk of a node, its alarms, and experts' numbers that need attention.

-- === trunks ==================================================================================================

-- ivr.trunk_results.TrunkResult
CREATE TYPE trunk_result AS ENUM ('failed', 'reached', 'no_media', 'keyless', 'keyed', 'answered');
-- ivr.trunk_results.TrunkEnd
CREATE TYPE trunk_end AS ENUM ('dropped', 'unanswered');

-- What an ended call showed of its trunk, so that nobody has to open its trail; null: nothing. Written with the call's end, which
-- writes to its indexes anyway.
ALTER TABLE call
  ADD COLUMN trunk_result trunk_result,
  ADD COLUMN trunk_end trunk_end;            -- of a call that the network ended
CREATE INDEX call_of_trunk ON call (node, trunk, trunk_result, ended_at) WHERE trunk_result IS NOT NULL;
CREATE INDEX call_cut_off ON call (node, trunk, trunk_end, ended_at) WHERE trunk_end IS NOT NULL;

CREATE TABLE trunk ( -- 中继, as a node's worker has it in its settings
  node text NOT NULL REFERENCES node,
  name text NOT NULL,
  position int NOT NULL,                     -- which one takes a call first
  online boolean,                            -- what Asterisk says of it; null: not known
  seen_at timestamptz NOT NULL DEFAULT clock_timestamp(), -- when a worker last looked
  mended_at timestamptz NOT NULL DEFAULT '-infinity',     -- the administrator had it mended: calls before count for no alarm
  PRIMARY KEY (node, name)
);

-- ivr.trunk_alarms.TrunkAlarm
CREATE TYPE trunk_alarm_kind AS ENUM ('failing', 'no_media', 'keyless', 'dropping', 'unanswered');

CREATE TABLE trunk_alarm (
  id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  node text NOT NULL REFERENCES node,
  trunk text NOT NULL,                       -- no foreign key: an alarm stays on record when the settings drop its trunk
  alarm trunk_alarm_kind NOT NULL,
  calls int NOT NULL CHECK (calls > 0),      -- how many had shown it when it was raised
  raised_at timestamptz NOT NULL DEFAULT clock_timestamp(),
  lifted_at timestamptz,
  CONSTRAINT lifted_after_it_was_raised CHECK (lifted_at >= raised_at)
);
-- prevents raising, and telling, one alarm twice
CREATE UNIQUE INDEX one_open_alarm ON trunk_alarm (node, trunk, alarm) WHERE lifted_at IS NULL;
CREATE INDEX trunk_alarm_lifted ON trunk_alarm (lifted_at) WHERE lifted_at IS NOT NULL;

-- === numbers =================================================================================================

-- drawing.number_faults.Fault
CREATE TYPE number_fault_kind AS ENUM ('redirected', 'invalid_number', 'wrong_person');

CREATE TABLE number_fault ( -- a call that found something wrong with an expert's number (K7); which number it was is not kept
  call text PRIMARY KEY REFERENCES call,
  expert bigint NOT NULL REFERENCES expert,
  activity text NOT NULL,
  draw int NOT NULL,                         -- shown only once this draw is opened
  fault number_fault_kind NOT NULL,
  at timestamptz NOT NULL DEFAULT clock_timestamp(),
  FOREIGN KEY (activity, draw) REFERENCES draw
);

CREATE TABLE number_fault_handled ( -- the administrator has dealt with what was found until then; what was done is in 操作记录
  expert bigint NOT NULL REFERENCES expert,
  fault number_fault_kind NOT NULL,
  at timestamptz NOT NULL,
  PRIMARY KEY (expert, fault)
);

-- What the administrator may see, and has not dealt with. Who was called was drawn: so nothing of a draw that is not opened yet, or
-- was opened today, when it may still be under evaluation; nothing ever of one that names nobody (强制结束, 退选). Neither when, nor in
-- which activity. The console reads this view and not the table.
CREATE VIEW number_fault_open AS
SELECT f.expert, f.fault, (f.at AT TIME ZONE 'Asia/Shanghai')::date AS day
FROM number_fault f JOIN draw d ON d.activity = f.activity AND d.no = f.draw
LEFT JOIN number_fault_handled h ON h.expert = f.expert AND h.fault = f.fault
WHERE NOT d.names_nobody AND (h.at IS NULL OR f.at > h.at)
  AND d.unsealed_at < date_trunc('day', clock_timestamp() AT TIME ZONE 'Asia/Shanghai') AT TIME ZONE 'Asia/Shanghai';

INSERT INTO number_fault (call, expert, activity, draw, fault, at)
SELECT c.id, p.expert, p.activity, p.draw, c.outcome::text::number_fault_kind, c.ended_at
FROM call c JOIN pick p ON p.id = c.pick JOIN draw d ON d.activity = p.activity AND d.no = p.draw
WHERE c.state = 'ended' AND c.expert IS NOT NULL AND c.outcome::text IN ('redirected', 'invalid_number', 'wrong_person');

GRANT SELECT, INSERT, UPDATE, DELETE ON trunk TO expertline_service;
GRANT SELECT, INSERT, UPDATE ON trunk_alarm, number_fault_handled TO expertline_service;
GRANT SELECT, INSERT ON number_fault TO expertline_service;
GRANT SELECT ON number_fault_open TO expertline_service;

-- Calls about what is agreed already: what such a call says besides the activity's facts, and what it can come to.

ALTER TYPE call_outcome ADD VALUE 'still_comes';
ALTER TYPE call_outcome ADD VALUE 'cant_come';
ALTER TYPE call_outcome ADD VALUE 'leave_confirmed';
ALTER TYPE call_outcome ADD VALUE 'leave_denied';

-- The calls of one kind to one person with the same matter are one round: their tries count together.
ALTER TABLE call ADD COLUMN matter jsonb NOT NULL DEFAULT '{}' CHECK (jsonb_typeof(matter) = 'object');
CREATE INDEX call_of_pick ON call (pick, flow);

-- 操作记录 by part of a name, and the digits that witnesses have given, found by an index: until now each look read all lines.

CREATE INDEX operation_by ON operation (actor, id);                             -- whose lines; each actor once
CREATE INDEX transcript_shares ON transcript (at) WHERE type = 'witness';       -- digits given since a moment; all stamps are of one form

-- Over which trunk (中继) a call was made, known from the moment when it becomes live: whoever takes a node over knows which
-- line the calls that were left may still occupy. A trunk's name, never a node's address.

ALTER TABLE call ADD COLUMN trunk text;
UPDATE call SET trunk = coalesce(trail ->> 'trunk', trail -> 'staff' ->> 'trunk') WHERE trail IS NOT NULL;

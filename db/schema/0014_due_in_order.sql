-- Waiting calls in the order in which they are made, so that the next one is the index's first: however many wait, and
-- whatever the planner believes of a table that was empty when it was asked.
DROP INDEX call_due;
CREATE INDEX call_due ON call (not_before, id) WHERE state = 'waiting';

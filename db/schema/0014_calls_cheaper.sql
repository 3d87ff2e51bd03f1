-- What a call costs.

-- Waiting calls in the order in which they are made, so that the next ones are the index's first, however many wait.
DROP INDEX call_due;
CREATE INDEX call_due ON call (not_before, id) WHERE state = 'waiting';

-- Room on the page for the decision of a call, which changes no column of an index: then none of its indexes is written to.
ALTER TABLE call SET (fillfactor = 60);

-- Calls to experts have no witness, and no place in this index.
DROP INDEX one_call_per_witness;
CREATE UNIQUE INDEX one_call_per_witness ON call (activity, witness) WHERE state <> 'ended' AND witness IS NOT NULL;

-- The masked call (隐号通话): staff and an expert talk with each other, and neither learns the other's number.

ALTER TYPE call_outcome ADD VALUE 'connected';

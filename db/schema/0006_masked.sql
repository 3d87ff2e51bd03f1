-- The masked call (隐号通话): staff and an expert talk with each other, and neither learns the other's number.

ALTER TYPE call_outcome ADD VALUE 'connected';

-- prevents staff's number from standing beside any other kind of call, and a masked call without one
ALTER TABLE call ADD COLUMN staff_phone_enc bytea,
  ADD CONSTRAINT masked_has_staff CHECK ((flow = 'masked') = (staff_phone_enc IS NOT NULL));

-- The masked call (隐号通话): staff and an expert talk with each other, and neither learns the other's number.

ALTER TYPE call_outcome ADD VALUE 'connected';

-- prevents staff's number from standing beside any other kind of call, and a masked call that could not be made; of one that has
-- ended the number may be erased
ALTER TABLE call ADD COLUMN staff_phone_enc bytea,
  ADD CONSTRAINT masked_has_staff
    CHECK (CASE WHEN flow = 'masked' THEN state = 'ended' OR staff_phone_enc IS NOT NULL ELSE staff_phone_enc IS NULL END);

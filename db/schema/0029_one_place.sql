-- A caller from outside has one place on the line: a proxy that forks an INVITE, or a gateway that tries two ways at once, brings
-- the same caller twice.

ALTER TABLE inbound
  -- as caller_hash while the call holds its caller's place; null: the number was withheld, another call of that caller holds it, or it
  -- was given up
  ADD COLUMN place bytea CHECK (place = caller_hash);
-- prevents one caller from standing in two places, and from being called back twice for it
CREATE UNIQUE INDEX one_place_for_a_caller ON inbound (place) WHERE ended_at IS NULL;

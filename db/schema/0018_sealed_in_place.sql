-- Sealed values that open in their own row only.

-- When every sealed value was of layout 2, which is bound to its row; from then on layout 1, which opens in every row of its
-- column, is refused. A new database begins with it; an older one gets it from `python -m db.reseal`. The service's role may not
-- write it: it has no UPDATE here.
ALTER TABLE vault ADD COLUMN resealed_at timestamptz;
ALTER TABLE vault ALTER COLUMN resealed_at SET DEFAULT clock_timestamp();

-- Keyed hashes, as expert.phone_hash: a number that does not fit its own is not dialled. Null in rows from before, until
-- `python -m db.reseal` has been there.
ALTER TABLE witness ADD COLUMN phone_hash bytea;
ALTER TABLE call ADD COLUMN staff_phone_hash bytea;

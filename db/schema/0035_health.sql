-- What /health asks and says (web/readiness.py).

CREATE TABLE write_probe ( -- whether the database takes writes is found out by writing; there is nothing in it to know
  one boolean PRIMARY KEY DEFAULT true CHECK (one), -- there is one row
  at timestamptz NOT NULL DEFAULT clock_timestamp()
);
INSERT INTO write_probe DEFAULT VALUES;

ALTER TABLE node
  ADD COLUMN asterisk_away_at timestamptz; -- since when the worker that holds it hears nothing of its Asterisk; null: it does

-- the role that all processes shared until db.migrate retires it; those of their own: db/rights.py
GRANT SELECT, UPDATE ON write_probe TO expertline_service;

-- Failed tries to log in, so that the next one waits (web/login_waits.py): counted together by all consoles, and kept over a restart.
-- Accounts and addresses stand here as keyed hashes only: what is typed as an account may be a telephone number.

CREATE TYPE login_scope AS ENUM ('place', 'account', 'address');

CREATE TABLE login_failure (
  scope login_scope NOT NULL,
  key bytea NOT NULL CHECK (length(key) = 32),
  -- prevents a success that is taken back twice from giving tries away
  failures integer NOT NULL CHECK (failures >= 0),
  last_at timestamptz NOT NULL DEFAULT clock_timestamp(),
  PRIMARY KEY (scope, key)
);
CREATE INDEX login_failure_by_age ON login_failure (last_at);

-- From where an account has logged in before: there it is held back by its own failures only.
CREATE TABLE login_known_place (
  key bytea PRIMARY KEY CHECK (length(key) = 32),
  last_at timestamptz NOT NULL DEFAULT clock_timestamp()
);
CREATE INDEX login_known_place_by_age ON login_known_place (last_at);

GRANT SELECT, INSERT, UPDATE, DELETE ON login_failure, login_known_place TO expertline_service;

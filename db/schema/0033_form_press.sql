-- A form of the console acts once, however often its button is pressed (web/presses.py).

CREATE TABLE form_press (
  -- prevents a second act by a form that is sent twice: the row is written in the act's own transaction, so the second sending
  -- waits until the first one has either acted or failed
  key bytea PRIMARY KEY CHECK (length(key) = 32),         -- keyed hash of the person, the address and the form's key
  content bytea NOT NULL CHECK (length(content) = 32),    -- keyed hash of what was typed
  pressed_at timestamptz NOT NULL DEFAULT clock_timestamp(),
  answer text                                             -- where the first press led; '' to a page of its own; null until answered
);
CREATE INDEX form_press_at ON form_press (pressed_at);

GRANT SELECT, INSERT, UPDATE, DELETE ON form_press TO expertline_service;

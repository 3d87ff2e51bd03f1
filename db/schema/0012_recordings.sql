-- Recordings of masked calls (通话录音): fetched from the node after the call's end, sealed, erased when the rules say so.

CREATE TABLE recording (
  call text PRIMARY KEY REFERENCES call,     -- prevents keeping one twice
  made_at timestamptz NOT NULL,              -- when the two were joined; retention counts from here
  kept_at timestamptz NOT NULL DEFAULT clock_timestamp(),
  seconds real NOT NULL CHECK (seconds >= 0),
  sha256 text NOT NULL CHECK (sha256 ~ '^[0-9a-f]{64}$'), -- of the plain bytes; stays when they are erased
  data_enc bytea,                            -- a wav of 8 kHz and 16 bits; opens for its own call only
  erased_at timestamptz,
  CONSTRAINT there_or_erased CHECK ((data_enc IS NULL) = (erased_at IS NOT NULL))
);
CREATE INDEX recording_there ON recording (made_at) WHERE data_enc IS NOT NULL;

GRANT SELECT, INSERT ON recording TO expertline_service;
GRANT UPDATE (data_enc, erased_at) ON recording TO expertline_service; -- prevents writing over what was kept, but for erasing it

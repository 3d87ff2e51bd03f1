-- Why a node dials nothing although a worker holds it, such as that its sounds can't be played (ivr/sound_check.py). For /health.

ALTER TABLE node ADD COLUMN dialling_stopped_at timestamptz, ADD COLUMN dialling_stopped_why text,
  -- prevents a reason without its time, or a time without its reason
  ADD CONSTRAINT stopped_for_a_reason CHECK ((dialling_stopped_at IS NULL) = (dialling_stopped_why IS NULL));

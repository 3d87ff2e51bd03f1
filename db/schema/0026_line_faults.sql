-- 线路无声: answered, and no sound came through in a direction. 线路中断: the network ended an answered call. Both are the line's fault
-- and no try; until now they were taken for the person's doing.

ALTER TYPE call_outcome ADD VALUE 'no_media' AFTER 'trunk_failure';
ALTER TYPE call_outcome ADD VALUE 'line_dropped' AFTER 'no_media';

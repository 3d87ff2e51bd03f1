-- 提交审核 with its attachments (V1), and pauses found without reading a whole transcript.

CREATE INDEX transcript_pauses ON transcript (activity, seq) WHERE type IN ('pause', 'resume');

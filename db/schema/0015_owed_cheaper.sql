-- What a call costs, once more: `owed` is set and cleared with each pick, and calls the function of this trigger no more.
DROP TRIGGER keep_evaluation_start ON activity;
CREATE TRIGGER keep_evaluation_start BEFORE UPDATE ON activity FOR EACH ROW
  WHEN (OLD.started_at IS NOT NULL AND (NEW.evaluation_start, NEW.started_at) IS DISTINCT FROM (OLD.evaluation_start, OLD.started_at))
  EXECUTE FUNCTION keep_evaluation_start();

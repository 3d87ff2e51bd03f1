-- 呼叫转移: the person's line sends calls on to another number, which is never rung; its number is kept nowhere.

ALTER TYPE call_outcome ADD VALUE 'redirected' AFTER 'busy';

import pytest

from drawing.lifecycle import Act, ActivityState, NotAllowed, Role, after, allowed_acts, transitions

S, A, R = ActivityState, Act, Role


@pytest.mark.parametrize(
    ("path", "end"),
    [
        ([(A.SUBMIT, R.HANDLER), (A.WITHDRAW, R.HANDLER)], S.DRAFT),
        ([(A.SUBMIT, R.LEGAL_PERSON), (A.REJECT, R.REVIEWER), (A.SUBMIT, R.HANDLER)], S.SUBMITTED),
        ([(A.SUBMIT, R.HANDLER), (A.PASS_VERIFICATION, R.REVIEWER), (A.START, R.HANDLER)], S.DRAWING),
    ],
)
def test_before_the_draw(path: list[tuple[Act, Role]], end: ActivityState) -> None:
    state = S.DRAFT
    for act, role in path:
        state = after(state, act, role)
    assert state is end


@pytest.mark.parametrize(
    ("state", "act", "role", "following"),
    [
        (S.DRAWING, A.PAUSE, R.HANDLER, S.PAUSED), (S.PAUSED, A.RESUME, R.HANDLER, S.DRAWING),
        (S.DRAWING, A.FORCE_END, R.HANDLER, S.ENDED), (S.PAUSED, A.FORCE_END, R.LEGAL_PERSON, S.ENDED),
        (S.DRAWING, A.COMPLETE, R.SYSTEM, S.COMPLETED), (S.PAUSED, A.COMPLETE, R.SYSTEM, S.COMPLETED),
        (S.DRAWING, A.SHORT, R.SYSTEM, S.SHORT), (S.SHORT, A.SUPPLEMENT, R.HANDLER, S.DRAWING),
        (S.COMPLETED, A.SEAL, R.SYSTEM, S.COMPLETED), (S.ENDED, A.SEAL, R.SYSTEM, S.ENDED),
        (S.COMPLETED, A.UNSEAL, R.SYSTEM, S.COMPLETED),
        (S.REEVALUATION_SUBMITTED, A.PASS_VERIFICATION, R.REVIEWER, S.TO_NOTIFY),
    ],
)  # fmt: skip
def test_the_draw(state: ActivityState, act: Act, role: Role, following: ActivityState) -> None:
    assert after(state, act, role) is following


@pytest.mark.parametrize(
    ("state", "act", "role", "says"),
    [
        (S.SUBMITTED, A.START, R.HANDLER, "当前状态为“已提交”，不能启动抽取；仅在以下状态可以：未抽取。"),
        (S.READY, A.START, R.SUPERVISOR, "监督人员不能启动抽取"),
        (S.SUBMITTED, A.PASS_VERIFICATION, R.HANDLER, "经办人不能核验通过"),
        (S.COMPLETED, A.UNSEAL, R.ADMINISTRATOR, "专家库管理员不能解密结果"),
        (S.READY, A.UNSEAL, R.SYSTEM, "不能解密结果"),
        (S.COMPLETED, A.FORCE_END, R.HANDLER, "不能强制结束"),
        (S.COMPLETED, A.REGISTER_ABSENCE, R.HANDLER, "经办人不能登记缺席"),
    ],
)
def test_refusals_say_why(state: ActivityState, act: Act, role: Role, says: str) -> None:
    with pytest.raises(NotAllowed, match=says):
        after(state, act, role)


def test_the_table_is_the_truth_for_every_combination() -> None:
    table = {(state, act): (roles, following) for state, act, roles, following in transitions()}
    for state in S:
        for role in R:
            expected = [act for act in A if role in table.get((state, act), (frozenset(), S.DRAFT))[0]]
            assert allowed_acts(state, role) == expected
            for act in A:
                if act in expected:
                    assert after(state, act, role) is table[state, act][1]
                else:
                    with pytest.raises(NotAllowed):
                        after(state, act, role)


def test_every_state_is_reached_and_everything_has_a_word() -> None:
    assert {following for *_, following in transitions()} == set(S)
    assert all(each.label for kind in (S, A, R) for each in kind)


def test_nobody_but_the_system_opens_a_result() -> None:
    for act in (A.SEAL, A.UNSEAL, A.COMPLETE, A.SHORT):
        assert all(roles == {R.SYSTEM} for _, other, roles, _ in transitions() if other is act)

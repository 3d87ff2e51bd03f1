"""The manual's words for what happens in a draw: one table for the console, the terminal's board and the witness's page."""

from __future__ import annotations

from collections.abc import Mapping

from drawing.lifecycle import Act
from drawing.seats import PickOutcome
from drawing.stages import Stage

CALL_OUTCOMES: Mapping[str, str] = {
    "accepted": "同意",
    "declined": "不参加",
    "no_key": "接听未按键",
    "wrong_keys": "按键无效",
    "hung_up_early": "中途挂断",
    "wrong_person": "打错／非本人",
    "voicemail": "疑似语音信箱",
    "busy": "占线",
    "redirected": "呼叫转移",
    "rejected": "拒接",
    "no_answer": "无人接听",
    "unreachable": "关机或无法接通",
    "invalid_number": "空号",
    "trunk_failure": "线路故障",
    "no_media": "线路无声",
    "line_dropped": "线路中断",
    "interrupted": "通话中断",
    "cancelled": "已取消",
    "withdrawn": "邀请已失效",
    "delivered": "已送达",
    "still_comes": "仍然参加",
    "cant_come": "不能参加",
    "leave_confirmed": "确认请假",
    "leave_denied": "没有请假",
    "connected": "已接通",
    "call_back_asked": "要求回拨",
    "verified": "号码已核验",
}
"""How a call ended (ivr.calls.Outcome, as stored)."""
CALL_STAGES: Mapping[Stage, str] = {
    Stage.DIALLING: "拨号中",
    Stage.RINGING: "响铃中",
    Stage.EARLY_MEDIA: "彩铃或网络提示音中",
    Stage.TALKING: "已接听",
    Stage.INVITING: "正在听邀请",
    Stage.BRIEFING: "正在听承诺播报",
    Stage.NOTIFYING: "正在听通知",
    Stage.REPLYING: "等待按键",
    Stage.CONFIRMING: "等待确认",
    Stage.DIGITS: "等待输入数字",
    Stage.GATHERING: "正在播报集合信息",
    Stage.HOLDING: "请对方稍候",
    Stage.LEAVING: "即将挂断",
}
"""Where a live call stands; those with somebody on the line are told after 通话中."""
PICK_OUTCOMES: Mapping[PickOutcome, str] = {
    PickOutcome.OPEN: "",
    PickOutcome.ACCEPTED: "同意参评",
    PickOutcome.DECLINED: "不参加",
    PickOutcome.UNREACHED: "未接通",
    PickOutcome.UNAVAILABLE: "另有评标",
    PickOutcome.CANCELLED: "已取消",
}
"""What became of a pick; an open one is told by its calls."""
UNREACHED_BY_LINE = "线路原因未接通"
"""Instead of 未接通, where it was the line's doing (Rules.unreached_by_line) and not the person's."""
WEAK_SHARES: Mapping[str, str] = {
    "not_digits": "只能输入数字 0 至 9，不含空格和其他符号。",
    "too_short": "数字不足 8 位，请输入 8 至 12 位。",
    "too_long": "数字超过 12 位，请输入 8 至 12 位。",
    "all_equal": "所有数字都相同，容易被猜到，请另取一组。",
    "run": "数字是连续的，容易被猜到，请另取一组。",
    "date": "数字像日期，容易被猜到，请另取一组。",
    "used_before": "这组数字以前用过，请另取一组。",
}
"""Why digits are refused (drawing.lots.weak_share)."""
AFTER_SHORT: Mapping[Act, str] = {
    Act.FORCE_END: "结束本次抽取，已同意的专家不再参加本活动",
    Act.REOPEN: "再次呼叫本次抽取中未接通的专家，不改变抽取条件和顺序",
    Act.SUPPLEMENT: "就缺额调整抽取条件后，重新固定专家池，由监督人再次见证",
}
"""What each lawful way on means once nobody eligible is left (待补抽)."""

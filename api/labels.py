"""What people read for outcomes and endings, in English and Chinese."""

_LABELS = {
    "self_served": ("served by the menu", "自助完成"),
    "answered": ("answered", "已接听"),
    "abandoned_in_menu": ("abandoned in the menu", "菜单中放弃"),
    "abandoned_in_queue": ("abandoned in the queue", "排队中放弃"),
    "abandoned_while_ringing": ("abandoned while ringing", "振铃中放弃"),
    "busy": ("busy", "占线"),
    "closed": ("closed", "非服务时间"),
    "overflowed": ("overflowed", "溢出"),
    "voicemail": ("voicemail", "语音信箱"),
    "callback": ("callback", "预约回拨"),
    "failed": ("failed", "失败"),
    "customer": ("the customer hung up", "客户挂断"),
    "agent": ("the agent hung up", "坐席挂断"),
    "transfer": ("transferred", "转接"),
    "dropped": ("dropped", "掉线"),
    "unknown": ("how it ended is unknown", "结束原因不明"),
}


def told(outcome: str, ending: str | None = None) -> str:
    """What became of a call, in English: `answered, the customer hung up`."""
    return ", ".join(_LABELS.get(name, (name,))[0] for name in (outcome, ending) if name is not None)


def outcome_label(name: str) -> str:
    """`answered 已接听`."""
    return " ".join(_LABELS.get(name, (name,)))

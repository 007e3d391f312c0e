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
    "customer": ("ended by the customer", "客户挂断"),
    "agent": ("ended by the agent", "坐席挂断"),
    "transfer": ("transferred", "转接"),
    "dropped": ("dropped", "掉线"),
    "unknown": ("ended unknown", "结束原因不明"),
}


def outcome_label(name: str) -> str:
    """`answered 已接听`."""
    return " ".join(_LABELS.get(name, (name,)))

"""Why an item got its points: a stable code, its figures, and the sentence in English and Chinese."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType

Value = str | float | int

REASONS: Mapping[str, tuple[str, str]] = MappingProxyType(
    {
        "said": ("said: {phrase}", "已说：{phrase}"),
        "said_alike": ("said, {likeness}% like: {phrase}", "已说（相似度 {likeness}%）：{phrase}"),
        "not_said": ("not said", "未说"),
        "not_said_first": ("not said in the first {seconds} s", "开头 {seconds} 秒内未说"),
        "not_said_last": ("not said in the last {seconds} s", "最后 {seconds} 秒内未说"),
        "said_too_late": ("said only after: {phrase}", "在此之后才说：{phrase}"),
        "phrases": ("{count} of the phrases said, {at_most} allowed", "说了 {count} 处，允许 {at_most} 处"),
        "silences": (
            "{count} silences over {limit} s, {at_most} allowed; longest {longest} s",
            "超过 {limit} 秒的静默 {count} 次，允许 {at_most} 次；最长 {longest} 秒",
        ),
        "interruptions": ("{count} interruptions, {at_most} allowed", "打断 {count} 次，允许 {at_most} 次"),
        "rate": (
            "{measured} a minute; {low} to {high} asked",
            "每分钟 {measured} 字（词）；要求 {low} 至 {high}",
        ),
        "share": ("{measured} of all talk; {low} to {high} asked", "占通话 {measured}；要求 {low} 至 {high}"),
        "doubtful": (
            "the words are doubtful: confidence {confidence}, {needed} needed",
            "识别结果不可靠：置信度 {confidence}，需要 {needed}",
        ),
        "no_words": ("nothing was recognised", "没有识别到语音"),
        "too_little_speech": (
            "only {measured} s of speech, {needed} s needed",
            "语音仅 {measured} 秒，需要 {needed} 秒",
        ),
        "not_for_this_call": ("does not apply to such a call", "不适用于此类通话"),
        "too_short": ("the call is shorter than {needed} s", "通话短于 {needed} 秒"),
        "awaiting_review": ("waits for a reviewer", "等待人工评审"),
        "reviewed": ("reviewer: {answer} of {scale}", "人工评分：{answer}/{scale}"),
        "reviewed_not_applicable": ("reviewer: does not apply", "人工评审：不适用"),
    }
)


@dataclass(frozen=True, slots=True)
class Reason:
    """`code` is one of REASONS, `values` what its sentence needs."""

    code: str
    values: Mapping[str, Value] = field(default_factory=dict)

    def text(self, language: str = "en") -> str:
        english, chinese = REASONS[self.code]
        return (chinese if language.startswith("zh") else english).format(**self.values)


def because(code: str, **values: Value) -> Reason:
    """A reason whose numbers are rounded to what people read."""
    return Reason(code, {key: round(v, 2) if isinstance(v, float) else v for key, v in values.items()})

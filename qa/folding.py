"""Text folded for comparison: width, case, traditional characters and punctuation make no difference."""

import re
import unicodedata
from functools import cache

import opencc

# Scripts written without spaces, or (Hangul) spaced at will by recognisers: each character is a token.
_SOLID = "\u3005\u3007\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af\uf900-\ufaff\U00020000-\U0003ffff"
_TOKEN = re.compile(rf"[{_SOLID}]|[^\W_{_SOLID}]+")
_APOSTROPHES = str.maketrans("", "", "'’‘ʼ`´")

# What conversion by characters leaves apart though both are written for the same word (著急/着急).
_ALSO = {"著": "着", "妳": "你", "祂": "他", "牠": "它"}


def tokens(text: str) -> list[str]:
    """The words of `text`, folded; in Chinese, Japanese and Korean each character by itself."""
    folded = unicodedata.normalize("NFKC", text).casefold().translate(_APOSTROPHES)
    return _TOKEN.findall("".join(map(_simplified, folded)))


@cache
def _converter() -> opencc.OpenCC:
    return opencc.OpenCC("t2s")


@cache
def _simplified(character: str) -> str:
    """One character at a time, so that a phrase folds alike whole and cut into recognised words."""
    if character < "\u3400":
        return character
    simple: str = _converter().convert(character)
    return _ALSO.get(simple, simple)

"""How long data of calls are kept."""

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

#: Days after the end of a call; null keeps it for ever.
Days = Annotated[int, Field(ge=1, le=36_500)] | None


class Retention(BaseModel):
    """Defaults: no longer than they serve their purpose (PIPL 19, GDPR 5(1)(e)).

    Sound and originals settle disputes about what was said; transcripts are for reviews within the year;
    who called is kept as long as claims may be raised (Civil Code 188, E-Commerce Law 31: three years).
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    audio: Days = Field(180, description="the sound")
    originals: Days = Field(90, description="transcripts with personal data")
    transcripts: Days = Field(365, description="transcripts without, and what scores quote of them")
    callers: Days = Field(1095, description="numbers, names, and what callers keyed")

"""What can go wrong with recordings and models. The ids are part of the API: do not rename them."""

from datetime import datetime
from uuid import UUID


class RecordingError(Exception):
    """Base of this package's errors; `id` is stable and safe to show."""

    id = "recording-error"


class IllegalRecordingTransition(RecordingError):
    """The recording is not in a state in which this can happen; nothing was changed."""

    id = "illegal-recording-transition"

    def __init__(self, state: str, move: str) -> None:
        super().__init__(f"a recording that is {state} cannot be {move}")


class UnknownRecording(RecordingError):
    id = "unknown-recording"

    def __init__(self, recording: UUID | str) -> None:
        super().__init__(f"there is no recording {recording}")


class SoundPurged(RecordingError):
    """There is nothing left to be tried; nothing was changed."""

    id = "recording-sound-purged"

    def __init__(self, at: datetime) -> None:
        super().__init__(f"its sound was deleted on {at:%Y-%m-%d}, when its time was over: see 'retention'")


class LeaseLost(RecordingError):
    """Another worker has taken the recording over: what this one found out is not kept."""

    id = "recording-lease-lost"

    def __init__(self, recording: UUID, worker: str) -> None:
        super().__init__(f"recording {recording} is no longer leased to {worker}")


class AudioError(RecordingError):
    """The sound itself cannot be used; `reason` says why in one clause."""

    id = "bad-audio"

    def __init__(self, name: str, reason: str) -> None:
        self.reason = reason
        super().__init__(f"{name}: {reason}")


class EmptyAudio(AudioError):
    """There is not one sample in it."""

    id = "empty-audio"


class NotWav(AudioError):
    id = "not-wav"


class UnsupportedAudio(AudioError):
    """It is WAV, in a form that telephone tracks do not have."""

    id = "unsupported-audio"


class BadAudioKey(RecordingError):
    """A key that this store never gave out."""

    id = "bad-audio-key"

    def __init__(self) -> None:
        super().__init__("that is not a key of the audio store")


class AudioMissing(RecordingError):
    id = "audio-missing"

    def __init__(self, key: str) -> None:
        super().__init__(f"no audio is stored under {key}")


class AudioDamaged(RecordingError):
    """What is stored is not what was put there: cut, altered, or encrypted with another key."""

    id = "audio-damaged"

    def __init__(self, key: str, reason: str) -> None:
        super().__init__(f"the audio under {key} is damaged: {reason}")


class OriginalDamaged(RecordingError):
    """A transcript's original was altered, put in another's place, or encrypted with another key."""

    id = "original-damaged"

    def __init__(self, recording: UUID) -> None:
        super().__init__(f"the original transcript of recording {recording} cannot be decrypted")


class ModelError(RecordingError):
    """Base of what can go wrong with recogniser models."""

    id = "model-error"


class NoModelForLanguage(ModelError):
    id = "no-model-for-language"

    def __init__(self, language: str, known: list[str]) -> None:
        super().__init__(f"no model is configured for {language!r}; there are models for {', '.join(known)}")


class ModelMissing(ModelError):
    """The model is configured but nowhere on this machine."""

    id = "model-missing"

    def __init__(self, name: str, looked: list[str]) -> None:
        super().__init__(f"the model {name} is in none of: {', '.join(looked)}")


class NotAModel(ModelError):
    id = "not-a-model"

    def __init__(self, path: str, reason: str) -> None:
        super().__init__(f"{path} is not a Vosk model: {reason}")


class ModelDownloadFailed(ModelError):
    id = "model-download-failed"

    def __init__(self, name: str, reason: str) -> None:
        super().__init__(f"the model {name} could not be fetched: {reason}")


class PhrasesNotSpoken(ModelError):
    """Not one of the phrases consists of words that the model knows."""

    id = "phrases-not-spoken"

    def __init__(self, model: str) -> None:
        super().__init__(f"{model} knows none of the phrases that it was told to expect")

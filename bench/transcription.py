"""How fast conversations become words: `python -m bench.transcription [--minutes N]`.

The same conversations, two tracks each, are transcribed three ways in one run with one loaded model each:
with all cores, with one thread of ours, and by vosk-transcriber (which resamples with ffmpeg and decodes
a file per core). Speech is made of the committed Korean recordings in free dictation, which costs what real
speech does. In the first set the parties take turns, as in a call; in the second nobody ever pauses, so
nothing can be gained by leaving silence out. Loading the model is not counted.
"""

import argparse
import asyncio
import os
import shutil
import tempfile
import time
from argparse import Namespace
from collections.abc import Callable
from functools import partial
from pathlib import Path

import numpy as np
from vosk.transcriber.transcriber import Transcriber as Peer  # type: ignore[import-untyped]

from bench.voices import RATE, ROOT
from ivr.pcm import Samples
from recordings import wav
from recordings.adapters.vosk import VoskTranscriber
from recordings.adapters.vosk_model import VoskModels
from recordings.models import Catalogue, ModelShelf

ROUNDS = 3


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--minutes", type=float, default=2.0, help="of conversation in each set")
    minutes = options.parse_args().minutes
    models = VoskModels(ModelShelf(Catalogue.read(ROOT / "config/models.yaml"), []))
    model = models.load("ko")
    cores = len(os.sched_getaffinity(0))
    peer = _peer(str(model.folder.path)) if shutil.which("ffmpeg") else None
    with tempfile.TemporaryDirectory() as folder:
        for name, pause in (("turns taken", True), ("no pauses", False)):
            files = _conversations(Path(folder), name.replace(" ", "-"), minutes, pause)
            seconds = sum(wav.inspect(file).duration for file in files)
            print(f"\n{name}: {len(files)} tracks, {seconds:.0f} s of sound, {cores} cores, {ROUNDS} rounds")
            ways: dict[str, Callable[[], None]] = {
                f"hotline, {cores} threads": partial(_ours, models, files, cores),
                "hotline, 1 thread": partial(_ours, models, files, 1),
            }
            if peer is not None:
                ways["vosk-transcriber"] = partial(peer, files)
            _compare(ways, seconds)
    if peer is None:
        print("vosk-transcriber was left out: it needs ffmpeg")


def _compare(ways: dict[str, Callable[[], None]], seconds: float) -> None:
    """Runs the ways in turn, several times; the quickest run of each is the one least disturbed."""
    took: dict[str, list[tuple[float, float]]] = {name: [] for name in ways}
    for _ in range(ROUNDS):
        for name, way in ways.items():
            begun, worked = time.perf_counter(), time.process_time()
            way()
            took[name].append((time.perf_counter() - begun, time.process_time() - worked))
    best = {name: min(took[name]) for name in ways}
    for name, (quickest, _) in best.items():
        each = ", ".join(f"{wall:.1f} ({cpu:.1f})" for wall, cpu in took[name])
        print(f"  {name:20} {seconds / quickest:6.2f} s of sound per second; took {each} s (of CPU)")
    (ours, cpu_of_ours), *others = best.values()
    for name, (quickest, cpu) in zip(list(best)[1:], others, strict=True):
        print(f"  ratio to {name:18} {quickest / ours:.2f}   CPU {cpu / cpu_of_ours:.2f}")


def _ours(models: VoskModels, files: list[Path], threads: int) -> None:
    async def transcribe(transcriber: VoskTranscriber) -> None:
        await asyncio.gather(*[transcriber.transcribe(str(file), "ko") for file in files])

    with VoskTranscriber(models, threads) as transcriber:
        asyncio.run(transcribe(transcriber))


def _peer(model: str) -> Callable[[list[Path]], None]:
    peer = Peer(Namespace(model=model, model_name=None, lang=None, server=None, output_type="txt", tasks=1))
    return lambda files: peer.process_task_list([(file, file.with_suffix(".txt")) for file in files])


def _conversations(folder: Path, name: str, minutes: float, pause: bool) -> list[Path]:
    """Two conversations, a track for each party; the parties speak for 2 to 12 seconds in turn."""
    spoken = [wav.load(path)[0] for path in sorted((ROOT / "config/prompts/demo").rglob("*.wav"))]
    random = np.random.default_rng(5)
    files = []
    for call in (1, 2):
        tracks: tuple[list[Samples], list[Samples]] = ([], [])
        while sum(map(len, tracks[0])) < minutes * 30 * RATE:
            turns = [np.concatenate([spoken[i] for i in random.integers(len(spoken), size=2)]) for _ in "ab"]
            for speaker, turn in enumerate(turns):
                tracks[speaker].append(turn)
                if pause:
                    tracks[1 - speaker].append(np.zeros(len(turn), np.int16))
        for party, pieces in zip(("customer", "agent"), tracks, strict=True):
            files.append(folder / f"{name}-{call}-{party}.wav")
            wav.save(files[-1], np.concatenate(pieces), RATE)
    return files


if __name__ == "__main__":
    main()

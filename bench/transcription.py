"""How fast conversations become words: `python -m bench.transcription [--minutes N]`.

The same conversations, two tracks each, are transcribed three ways in one run, each with one loaded model:
with all cores, with one thread of ours, and by vosk-transcriber (which resamples with ffmpeg and decodes
a file per core). Ours are long-lived, as in the worker: each has heard another conversation before. Speech is
made of the committed recordings, each time at another pace and pitch, in free dictation. In the first set the
parties take turns, as in a call; in the second nobody ever pauses, so nothing is gained by leaving silence
out. Loading the model is not counted.
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
from ivr.pcm import Samples, resample
from recordings import wav
from recordings.adapters.vosk import VoskTranscriber
from recordings.adapters.vosk_model import VoskModels
from recordings.models import Catalogue, ModelShelf

Way = Callable[[list[Path]], None]

ROUNDS = 3


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--minutes", type=float, default=2.0, help="of conversation in each round")
    minutes = options.parse_args().minutes
    models = VoskModels(ModelShelf(Catalogue.read(ROOT / "config/models.yaml"), []))
    model = models.load("ko")
    cores = len(os.sched_getaffinity(0))
    with (
        tempfile.TemporaryDirectory() as folder,
        VoskTranscriber(models, cores) as all_cores,
        VoskTranscriber(models, 1) as one,
    ):
        ways: dict[str, Way] = {
            f"hotline, {cores} threads": partial(_ours, all_cores),
            "hotline, 1 thread": partial(_ours, one),
        }
        warm_up = _conversations(Path(folder), minutes, pause=True, seed=0)
        for way in ways.values():
            way(warm_up)
        if shutil.which("ffmpeg"):
            ways["vosk-transcriber"] = _peer(str(model.folder.path))
        else:
            print("vosk-transcriber is left out: it needs ffmpeg")
        for name, pause in (("turns taken", True), ("no pauses", False)):
            rounds = [_conversations(Path(folder), minutes, pause, seed) for seed in range(1, ROUNDS + 1)]
            print(f"\n{name}: {cores} cores, {ROUNDS} rounds of {len(rounds[0])} tracks")
            _compare(ways, rounds)


def _compare(ways: dict[str, Way], rounds: list[list[Path]]) -> None:
    """Runs the ways in turn, round by round; the quickest round of each is the one least disturbed."""
    took: dict[str, list[tuple[float, float, float]]] = {name: [] for name in ways}
    for files in rounds:
        seconds = sum(wav.inspect(file).duration for file in files)
        for name, way in ways.items():
            begun, worked = time.perf_counter(), time.process_time()
            way(files)
            wall, cpu = time.perf_counter() - begun, time.process_time() - worked
            took[name].append((seconds / wall, seconds / cpu, seconds))
    best = {name: max(results) for name, results in took.items()}
    for name, (rate, _, _) in best.items():
        each = ", ".join(f"{s:.0f} s in {s / wall:.1f} s" for wall, _, s in took[name])
        print(f"  {name:20} {rate:6.2f} s of sound per second   ({each})")
    (ours, per_cpu, _), *others = best.values()
    for name, (rate, theirs_per_cpu, _) in zip(list(best)[1:], others, strict=True):
        print(f"  ratio to {name:18} {ours / rate:.2f}   per second of CPU {per_cpu / theirs_per_cpu:.2f}")


def _ours(transcriber: VoskTranscriber, files: list[Path]) -> None:
    async def transcribe() -> None:
        await asyncio.gather(*[transcriber.transcribe(str(file), "ko") for file in files])

    asyncio.run(transcribe())


def _peer(model: str) -> Way:
    peer = Peer(Namespace(model=model, model_name=None, lang=None, server=None, output_type="txt", tasks=1))
    return lambda files: peer.process_task_list([(file, file.with_suffix(".txt")) for file in files])


def _conversations(folder: Path, minutes: float, pause: bool, seed: int) -> list[Path]:
    """Two conversations, a track for each party; the parties speak two utterances in turn."""
    spoken = [wav.load(path)[0] for path in sorted((ROOT / "config/prompts/demo").rglob("*.wav"))]
    random = np.random.default_rng(seed)

    def utterance() -> Samples:
        return resample(spoken[random.integers(len(spoken))], RATE, 80 * int(random.integers(88, 113)))

    files = []
    for call in (1, 2):
        tracks: tuple[list[Samples], list[Samples]] = ([], [])
        while sum(map(len, tracks[0])) < minutes * 30 * RATE:
            turns = [np.concatenate([utterance(), utterance()]) for _ in tracks]
            for speaker, turn in enumerate(turns):
                tracks[speaker].append(turn)
                if pause:
                    tracks[1 - speaker].append(np.zeros(len(turn), np.int16))
        for party, pieces in zip(("customer", "agent"), tracks, strict=True):
            files.append(folder / f"{'turns' if pause else 'dense'}-{seed}-{call}-{party}.wav")
            wav.save(files[-1], np.concatenate(pieces), RATE)
    return files


if __name__ == "__main__":
    main()

"""How fast conversations become words: `python -m bench.transcription [--minutes N]`.

The same conversations, two tracks each, are transcribed three ways in one run, each with one loaded model:
with all cores, with one thread of ours, and by vosk-transcriber (which resamples with ffmpeg and decodes
a file per core). Ours are long-lived, as in the worker: each has heard another conversation before. Speech is
made of the committed recordings, each time at another pace and pitch, in free dictation. In the first set the
parties take turns, as in a call; in the second nobody ever pauses, so nothing is gained by leaving silence
out. Loading the model is not counted. On either set all cores are to be 1.9 times as fast as our one thread,
and as fast as vosk-transcriber.

Models in memory are counted among the live objects of the process, once both of ours have heard a
conversation and before vosk-transcriber loads its own.
"""

import argparse
import asyncio
import gc
import os
import re
import shutil
import tempfile
import time
from argparse import Namespace
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import NamedTuple

import numpy as np
from rich.progress import Progress
from vosk import Model
from vosk.transcriber.transcriber import Transcriber as Peer  # type: ignore[import-untyped]

from bench.figures import Findings, load_average
from bench.progress import progress
from bench.voices import RATE, ROOT
from ivr.pcm import Samples, resample
from recordings import wav
from recordings.adapters.vosk import VoskTranscriber
from recordings.adapters.vosk_model import VoskModels
from recordings.models import Catalogue, ModelShelf

Way = Callable[[list[Path]], None]

ROUNDS = 3
ALL_CORES, ONE_THREAD, PEER = "all cores", "our one thread", "vosk-transcriber"

AT_LEAST = {ONE_THREAD: 1.9, PEER: 1.0}
"""How many times as fast all cores are to be."""


class Round(NamedTuple):
    """`seconds` of sound took `wall` seconds, and `cpu` of the processors' (ffmpeg's apart)."""

    seconds: float
    wall: float
    cpu: float

    @property
    def rate(self) -> float:
        return self.seconds / self.wall

    @property
    def per_cpu(self) -> float:
        return self.seconds / self.cpu


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--minutes", type=float, default=2.0, help="of conversation in each round")
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    with progress() as shown:
        found = _run(options.minutes, shown)
    for findings in found:
        findings.show(as_json=options.json)


def _run(minutes: float, shown: Progress) -> list[Findings]:
    load, memory = load_average(), {"memory before loading, MB": _megabytes()}
    models = VoskModels(ModelShelf(Catalogue.read(ROOT / "config/models.yaml"), []))
    model = models.load("ko")
    memory["memory after loading, MB"] = _megabytes()
    with (
        tempfile.TemporaryDirectory() as folder,
        VoskTranscriber(models) as all_cores,
        VoskTranscriber(models, 1) as one,
    ):
        ways: dict[str, Way] = {ALL_CORES: partial(_ours, all_cores), ONE_THREAD: partial(_ours, one)}
        warm_up = _conversations(Path(folder), minutes, pause=True, seed=0)
        for way in ways.values():
            way(warm_up)
        memory["memory after both have heard a conversation, MB"] = _megabytes()
        found = [_models_in_memory(memory, load)]
        if shutil.which("ffmpeg"):
            ways[PEER] = _peer(str(model.folder.path))
        else:
            shown.console.print("vosk-transcriber is left out: it needs ffmpeg")
        for sound, pause in (("turns taken", True), ("no pauses", False)):
            rounds = [_conversations(Path(folder), minutes, pause, seed) for seed in range(1, ROUNDS + 1)]
            took = _timed(ways, rounds, f"transcription: {sound}", shown)
            found += [_findings(sound, took, other, load) for other in list(ways)[1:]]
    return found


def _timed(
    ways: Mapping[str, Way], rounds: Sequence[list[Path]], told: str, shown: Progress
) -> dict[str, list[Round]]:
    """The ways run in turn, round by round."""
    took: dict[str, list[Round]] = {name: [] for name in ways}
    for files in shown.track(rounds, description=told):
        seconds = sum(wav.inspect(file).duration for file in files)
        for name, way in ways.items():
            begun, worked = time.perf_counter(), time.process_time()
            way(files)
            took[name].append(Round(seconds, time.perf_counter() - begun, time.process_time() - worked))
    return took


def _findings(sound: str, took: Mapping[str, Sequence[Round]], other: str, load: float) -> Findings:
    """The quickest round of each way is the one least disturbed."""
    numbers: dict[str, float | str] = {}
    best = {name: max(took[name], key=lambda taken: taken.rate) for name in (ALL_CORES, other)}
    for name, quickest in best.items():
        numbers[f"{name}, s of sound per second"] = round(quickest.rate, 2)
        numbers[f"{name}, rounds"] = ", ".join(f"{r.seconds:.0f} s in {r.wall:.1f} s" for r in took[name])
    numbers["the same per second of CPU, as a ratio"] = round(
        best[ALL_CORES].per_cpu / best[other].per_cpu, 2
    )
    ratio = best[ALL_CORES].rate / best[other].rate
    return Findings(
        bench=f"transcription, {sound}",
        numbers=numbers,
        ratio_of=f"{ALL_CORES} to {other}, {sound}",
        ratio=ratio,
        aim=f"at least {AT_LEAST[other]}",
        met=ratio >= AT_LEAST[other],
        load_average=load,
    )


def _models_in_memory(memory: Mapping[str, float], load: float) -> Findings:
    count = sum(type(thing) is Model for thing in gc.get_objects())
    return Findings(
        bench="models in memory",
        numbers={**memory, "recognisers at work at once, at most": len(os.sched_getaffinity(0)) + 1},
        ratio_of="models of the one language in memory",
        ratio=count,
        aim="exactly 1",
        met=count == 1,
        load_average=load,
    )


def _megabytes() -> float:
    """What the process has in memory (proc(5): VmRSS is in KiB)."""
    found = re.search(r"^VmRSS:\s+(\d+) kB$", Path("/proc/self/status").read_text(), re.M)
    assert found is not None
    return round(int(found[1]) * 1024 / 1e6)


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

"""The file store: what is put is what comes back, encrypted, and tampering is noticed."""

import hashlib
import stat
from collections.abc import Callable
from pathlib import Path
from uuid import UUID

import pytest

from recordings.adapters.encryption import CHUNK, MasterKey
from recordings.adapters.files import FileAudioStore
from recordings.errors import AudioDamaged, AudioMissing, BadAudioKey
from recordings.transcript import Track

ID = UUID("01890a5d-ac96-774b-bcce-b302099a8057")
HEADER = 32
SIZES = [0, 1, CHUNK - 1, CHUNK, CHUNK + 1, 3 * CHUNK, 3 * CHUNK + 777]


@pytest.fixture
def store(tmp_path: Path) -> FileAudioStore:
    return FileAudioStore(tmp_path / "audio", MasterKey(tmp_path / "keys/audio.key"))


def sound(size: int) -> bytes:
    return bytes(i * i % 251 for i in range(size))


async def put(store: FileAudioStore, tmp_path: Path, data: bytes, track: Track = Track.AGENT) -> str:
    (tmp_path / "in.wav").write_bytes(data)
    return (await store.put(ID, track, str(tmp_path / "in.wav"))).key


def stored(tmp_path: Path) -> Path:
    (path,) = (tmp_path / "audio").rglob("*.wav")
    return path


@pytest.mark.parametrize("size", SIZES)
async def test_what_is_put_comes_back(store: FileAudioStore, tmp_path: Path, size: int) -> None:
    data = sound(size)
    (tmp_path / "in.wav").write_bytes(data)
    done = await store.put(ID, Track.CUSTOMER, str(tmp_path / "in.wav"))
    assert (done.size, done.sha256) == (size, hashlib.sha256(data).hexdigest())
    with await store.open(done.key) as plain:
        assert plain.read() == data
    await store.verify(done.key, done.sha256)


@pytest.mark.parametrize("size", SIZES)
async def test_any_part_can_be_read_alone(store: FileAudioStore, tmp_path: Path, size: int) -> None:
    data = sound(size)
    with await store.open(await put(store, tmp_path, data)) as plain:
        assert plain.seek(0, 2) == size
        for at in (size // 2, 0, max(size - 5, 0), CHUNK - 3, size + 10):
            plain.seek(at)
            assert plain.read(10) == data[at : at + 10]


async def test_nothing_of_the_sound_lies_on_the_disk(store: FileAudioStore, tmp_path: Path) -> None:
    data = sound(5000)
    await put(store, tmp_path, data)
    await put(store, tmp_path, data, Track.CUSTOMER)
    first, second = (path.read_bytes() for path in (tmp_path / "audio").rglob("*.wav"))
    assert data[:16] not in first
    assert first[HEADER:] != second[HEADER:]


async def test_the_same_track_again_replaces_it(store: FileAudioStore, tmp_path: Path) -> None:
    await put(store, tmp_path, b"first")
    with await store.open(await put(store, tmp_path, b"second")) as plain:
        assert plain.read() == b"second"


async def test_a_source_that_cannot_be_read_leaves_what_was_there(
    store: FileAudioStore, tmp_path: Path
) -> None:
    key = await put(store, tmp_path, b"first")
    with pytest.raises(FileNotFoundError):
        await store.put(ID, Track.AGENT, str(tmp_path / "gone.wav"))
    with pytest.raises(IsADirectoryError):
        await store.put(ID, Track.AGENT, str(tmp_path))
    with await store.open(key) as plain:
        assert plain.read() == b"first"
    assert [path.name for path in stored(tmp_path).parent.iterdir()] == ["agent.wav"]


def flip(at: int) -> Callable[[bytes], bytes]:
    return lambda data: data[:at] + bytes([data[at] ^ 1]) + data[at + 1 :]


SEALED = CHUNK + 16


@pytest.mark.parametrize(
    "harm",
    [
        flip(0),
        flip(10),
        flip(20),
        flip(HEADER),
        flip(HEADER + SEALED + 5),
        lambda data: data[:-1],
        lambda data: data[: HEADER + SEALED],
        lambda data: data[:HEADER],
        lambda data: data[:7],
        lambda data: b"",
        lambda data: data + b"\0",
        lambda data: data[:HEADER] + data[HEADER + SEALED : HEADER + 2 * SEALED] + data[HEADER:],
    ],
)
async def test_every_change_to_the_file_is_noticed(
    store: FileAudioStore, tmp_path: Path, harm: Callable[[bytes], bytes]
) -> None:
    key = await put(store, tmp_path, sound(2 * CHUNK + 99))
    path = stored(tmp_path)
    path.write_bytes(harm(path.read_bytes()))
    with pytest.raises(AudioDamaged):
        (await store.open(key)).read()


async def test_a_file_in_anothers_place_is_noticed(store: FileAudioStore, tmp_path: Path) -> None:
    key = await put(store, tmp_path, b"mine")
    await put(store, tmp_path, b"theirs", Track.CUSTOMER)
    stored_here = tmp_path / "audio" / key
    stored_here.write_bytes((stored_here.parent / "customer.wav").read_bytes())
    with pytest.raises(AudioDamaged, match="chunk 0"):
        await store.verify(key, hashlib.sha256(b"theirs").hexdigest())


async def test_another_key_and_another_digest_are_told_apart(store: FileAudioStore, tmp_path: Path) -> None:
    key = await put(store, tmp_path, b"mine")
    with pytest.raises(AudioDamaged, match="SHA-256"):
        await store.verify(key, "0" * 64)
    other = FileAudioStore(tmp_path / "audio", MasterKey(tmp_path / "keys/other.key"))
    with pytest.raises(AudioDamaged, match="another key"):
        await other.open(key)


async def test_deleting_leaves_nothing_and_can_be_repeated(store: FileAudioStore, tmp_path: Path) -> None:
    key = await put(store, tmp_path, b"mine")
    assert await store.exists(key)
    await store.delete(key)
    await store.delete(key)
    assert not await store.exists(key)
    assert not stored_folders(tmp_path)
    with pytest.raises(AudioMissing):
        await store.open(key)


def stored_folders(tmp_path: Path) -> list[Path]:
    return [path for path in (tmp_path / "audio").rglob("*") if path.name == str(ID)]


@pytest.mark.parametrize(
    "key",
    [
        "",
        "../../etc/passwd",
        f"57/{ID}/../agent.wav",
        f"57/{ID}/agent.wav\n",
        f"57/{ID}/music.wav",
        "/etc/passwd",
    ],
)
async def test_a_key_that_was_never_given_out_reaches_no_file(store: FileAudioStore, key: str) -> None:
    with pytest.raises(BadAudioKey):
        await store.open(key)
    with pytest.raises(BadAudioKey):
        await store.delete(key)


def test_the_key_is_made_once_for_its_owner_alone(tmp_path: Path) -> None:
    path = tmp_path / "keys/audio.key"
    assert MasterKey(path).id == MasterKey(path).id
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700
    assert [file.name for file in path.parent.iterdir()] == ["audio.key"]


def test_a_file_that_is_no_key_is_refused(tmp_path: Path) -> None:
    (tmp_path / "audio.key").write_bytes(b"short")
    with pytest.raises(ValueError, match="5 bytes, not 32"):
        MasterKey(tmp_path / "audio.key")

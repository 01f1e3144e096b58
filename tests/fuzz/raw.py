"""Changes of the bytes of files that know nothing of what they mean."""

from random import Random

from values import moved

Files = dict[str, bytes]


def flipped_bit(files: Files, random: Random) -> Files:
    """Returns the files with one bit of one file flipped."""
    path = random.choice([path for path, data in files.items() if data])
    data = bytearray(files[path])
    data[random.randrange(len(data))] ^= 1 << random.randrange(8)
    return {**files, path: bytes(data)}


def changed_bytes(files: Files, random: Random) -> Files:
    """Returns the files with a few bytes of one file put in, taken out, replaced or doubled."""
    path = random.choice([*files])
    for _ in range(random.choice((1, 1, 2))):
        data = files[path]
        place = random.randrange(len(data) + 1)
        end = min(len(data), place + random.choice((0, 1, 1, 2, 9)))
        new = random.choice((b"", random.randbytes(1), random.randbytes(3), data[place:end] * 2))
        files[path] = data[:place] + new + data[end:]
    return files


def cut_off(files: Files, random: Random) -> Files:
    """Returns the files with one file cut off somewhere."""
    path = random.choice([*files])
    return {**files, path: files[path][: random.randrange(len(files[path]) + 1)]}


def moved_lines(files: Files, random: Random) -> Files:
    """Returns the files with the lines of the events in another order, doubled or gone."""
    lines = [line.decode("latin-1") for line in files["events.jsonl"].splitlines(keepends=True)]
    return {**files, "events.jsonl": "".join(moved(lines, random)).encode("latin-1")}

"""Archives written from docs/spec/archive.md alone, by code that shares nothing with workc.

``Draft(files)`` holds the records of an archive as mappings that a test may change; ``data()`` puts
them together. What follows from the rest (offsets, lengths, sums) is computed then, unless a test
has said otherwise.
"""

import struct
import zlib

LOCAL = ("<4sHHHHHIIIHH", "signature needed flags method time date crc stored size names extras")
CENTRAL = (
    "<4sHHHHHHIIIHHHHHII",
    "signature made needed flags method time date crc stored size names extras comments disk "
    "internal external offset",
)
END = ("<4sHHHHIIH", "signature disk first here entries length offset comments")
END_64 = ("<4sQHHIIQQQQ", "signature rest made needed disk first here entries length offset")
LOCATOR = ("<4sIQI", "signature disk offset disks")
LARGE = 0xFFFFFFFF


MASKS = {"H": 0xFFFF, "I": LARGE, "Q": 2**64 - 1}


def packed(layout, fields):
    """Returns a record; of a number that does not fit the low bytes are taken."""
    values = [fields[name] for name in layout[1].split()]
    numbers = [value & MASKS[kind] for kind, value in zip(layout[0][3:], values[1:], strict=True)]
    return struct.pack(layout[0], values[0], *numbers)


class Draft:
    """``heads`` and ``entries`` are the local and the central headers, in the same order."""

    def __init__(self, files):
        self.heads = [self.head(path, files[path]) for path in sorted(files)]
        self.entries = [self.entry(path, files[path]) for path in sorted(files)]
        self.end, self.end_64, self.locator = {}, {}, {}
        self.before = self.between = self.behind = self.inside = b""
        self.is_large = False

    @staticmethod
    def head(path, data, **more):
        name = path.encode()
        return {
            "signature": b"PK\x03\x04",
            "needed": 10,
            "flags": 0,
            "method": 0,
            "time": 0,
            "date": 33,
            "crc": zlib.crc32(data),
            "stored": len(data),
            "size": len(data),
            "name": name,
            "extra": b"",
            "data": data,
            **more,
        }

    @staticmethod
    def entry(path, data, **more):
        central = {"signature": b"PK\x01\x02", "made": 813, "disk": 0, "internal": 0}
        central |= {"comment": b"", "external": 0o100644 << 16}
        return {**Draft.head(path, data), **central, **more}

    def both(self, number, **fields):
        """Changes both headers of an entry."""
        self.heads[number].update(fields)
        self.entries[number].update(fields)

    def add(self, path, data, **fields):
        """Puts an entry behind the others."""
        self.heads.append(self.head(path, data, **fields))
        self.entries.append(self.entry(path, data, **fields))

    def data(self):
        out, offsets = self.before, []
        for head in self.heads:
            offsets.append(len(out))
            lengths = {"names": len(head["name"]), "extras": len(head["extra"])}
            out += packed(LOCAL, {**lengths, **head}) + head["name"] + head["extra"] + head["data"]
        out += self.between
        start = len(out)
        for entry, offset in zip(self.entries, [*offsets, 0, 0], strict=False):
            parts = (entry["name"], entry["extra"], entry["comment"])
            lengths = dict(zip(("names", "extras", "comments"), map(len, parts), strict=True))
            out += packed(CENTRAL, {**lengths, "offset": offset, **entry}) + b"".join(parts)
        length, count = len(out) - start, len(self.entries)
        out += self.inside
        sums = {"disk": 0, "first": 0, "here": count, "entries": count}
        sums |= {"length": length, "offset": start}
        if self.is_large:
            large = {"signature": b"PK\x06\x06", "rest": 44, "made": 813, "needed": 45}
            out += packed(END_64, {**large, **sums, **self.end_64})
            place = {"signature": b"PK\x06\x07", "disk": 0, "offset": start + length, "disks": 1}
            out += packed(LOCATOR, {**place, **self.locator})
        comment = self.end.get("comment", b"")
        plain = {"signature": b"PK\x05\x06", **sums, "comments": len(comment)}
        return out + packed(END, {**plain, **self.end}) + comment + self.behind


def archive(files):
    """Returns the archive of files: path to bytes."""
    return Draft(files).data()

"""A reader that says more, less or other things than a mapping can, or fails."""

from workc.verify.reader import Item, MemoryReader, ReadError


class OddReader(MemoryReader):
    """Gives a mapping, but for what its options say.

    ``extra`` are items more; ``kinds`` and ``sizes`` by path are told in place of the true ones;
    ``without`` are paths of files that are not there; ``fails`` cannot be read; ``breaks`` fail
    after their first byte; ``cuts`` lose their last byte; ``chunk`` is the size of the pieces.
    """

    def __init__(
        self,
        files,
        *extra,
        kinds=None,
        sizes=None,
        without=(),
        fails=(),
        breaks=(),
        cuts=(),
        chunk=None,
        names_fail_after=None,
    ):
        super().__init__(files)
        self.extra, self.kinds, self.sizes = extra, kinds or {}, sizes or {}
        self.without, self.fails, self.breaks, self.cuts = without, fails, breaks, cuts
        self.chunk, self.names_fail_after = chunk, names_fail_after
        self.read = []

    def items(self):
        for number, item in enumerate([*super().items(), *self.extra]):
            if number == self.names_fail_after:
                raise ReadError("gone\n")
            if item.path not in self.without:
                yield Item(
                    path=item.path,
                    kind=self.kinds.get(item.path, item.kind),
                    size=self.sizes.get(item.path, item.size),
                    links=item.links,
                )

    def chunks(self, path, size):
        self.read.append(path)
        if path in self.fails:
            raise ReadError("gone\n")
        data = b"".join(super().chunks(path, size))
        data = data[:-1] if path in self.cuts else data
        if path in self.breaks:
            yield data[:1]
            raise ReadError("gone\n")
        step = self.chunk or len(data) or 1
        yield from (data[place : place + step] for place in range(0, len(data), step))

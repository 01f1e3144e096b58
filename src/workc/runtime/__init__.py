"""The engine and what drives it, without any I/O: lanes, steps, journal lines, replay, references."""

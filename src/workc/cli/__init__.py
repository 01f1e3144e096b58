"""The command line: it reads arguments, calls ``workc.api`` and shows what came of it."""

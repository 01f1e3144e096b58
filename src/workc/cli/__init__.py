"""The command line: arguments, rendering, exit codes. It takes no decision."""

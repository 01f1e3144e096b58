"""The real world behind the ports: clock, sockets, files, threads."""

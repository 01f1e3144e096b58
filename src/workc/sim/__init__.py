"""The simulated world behind the same ports: scripted answers in virtual time."""

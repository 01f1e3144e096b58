"""Trials of stages: their code is run in processes of its own, watched, within time and memory."""

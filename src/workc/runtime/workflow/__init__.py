"""Workflow files: read, checked in full before anything runs, and turned into values."""

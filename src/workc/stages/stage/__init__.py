"""Stages: contracts of units of work, addressed by their content, with examples of what they do."""

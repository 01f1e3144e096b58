"""Tampering with bundles of format 0.1: drafts, edits, and what must be found (docs/spec/bundle-0.1.md)."""

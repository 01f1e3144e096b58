"""Tampering with bundles of format 0.2: drafts, edits, and what must be found (docs/spec/bundle-0.2.md)."""

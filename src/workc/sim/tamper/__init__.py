"""Tampering with a bundle: single operations, resealed edits, and every mutant there is.

Everything here is pure: bundles are mappings of path to bytes. What must be found, and where, is
written down from docs/spec/bundle-0.2.md; nothing here asks the verifier.
"""

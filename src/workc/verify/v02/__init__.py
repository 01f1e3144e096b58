"""The verifier of format 0.2 (docs/spec/bundle-0.2.md)."""

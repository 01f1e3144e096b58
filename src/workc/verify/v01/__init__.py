"""The frozen examination of bundle format 0.1 (docs/spec/bundle-0.1.md)."""

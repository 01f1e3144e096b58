"""Bundle format 0.1, frozen: its bytes, its hashes, and a writer. Paragraphs: spec/bundle-0.1."""

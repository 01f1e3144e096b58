"""The kernel: canonical bytes, digests, trees, events, the tables, the ledger, the catalog. It knows nobody."""

"""The oracle: judges bundles, and knows nothing of how they came about."""

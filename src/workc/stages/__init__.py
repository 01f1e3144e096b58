"""The contract of a unit of work: `@skill`, types, effects as values, the network policy."""

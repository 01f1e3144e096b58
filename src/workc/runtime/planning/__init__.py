"""Plans that are asked for: what a planner is told, what its answer must be, and when it is chosen."""

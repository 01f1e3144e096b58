"""Policy files: what runs may do, read from TOML, checked in full, and as the rules of a run."""

"""The viewer: what people and machines look at over HTTP. It only reads."""

"""What a model provider says, as bytes of its wire: for the server of tests and for stubs."""

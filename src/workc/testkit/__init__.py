"""The public face of testing: real loopback servers, conformance suites, a provider."""

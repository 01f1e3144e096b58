"""The composition root: wires ports to adapters and gives users their functions."""

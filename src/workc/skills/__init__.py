"""The skills that come with workc, plain code over the seam."""

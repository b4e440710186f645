"""Encoders and fusions, by name."""

"""Trials, scores, metrics and their statistics."""

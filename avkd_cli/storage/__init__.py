"""Stores, lists and manifests; the only room that writes files."""

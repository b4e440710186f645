"""What a person types: one click command a file."""

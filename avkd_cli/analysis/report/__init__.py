"""Self-contained HTML pages of what was found. Pure: data in, text out."""

"""Audio-visual person verification, distilled into one sense."""

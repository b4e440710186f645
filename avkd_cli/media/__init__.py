"""Files of sound, pictures and films before any decoder: opening, formats, limits, faults."""

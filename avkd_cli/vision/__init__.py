"""Faces: decode, detect, align, augmentation, quality."""

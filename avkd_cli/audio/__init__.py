"""Sound: decode, features, augmentation, quality."""

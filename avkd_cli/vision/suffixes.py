"""How files of the pictures and films that are read here are named; light, for walks of folders.

Names choose what is looked at, never how it is decoded: that is for the content to say.
"""

IMAGE_SUFFIXES = {
    "jpeg": (".jpg", ".jpeg", ".jpe", ".jfif"),
    "png": (".png",),
    "webp": (".webp",),
    "bmp": (".bmp", ".dib"),
    "tiff": (".tif", ".tiff"),
    "pnm": (".ppm", ".pgm", ".pbm", ".pnm"),
    "heic": (".heic", ".heif", ".hif"),
}
VIDEO_SUFFIXES = {
    "mov": (".mp4", ".m4v", ".mov", ".3gp", ".3g2", ".qt"),
    "matroska": (".mkv", ".webm"),
    "avi": (".avi",),
    "mpeg": (".mpg", ".mpeg", ".vob"),
    "mpegts": (".mts", ".m2ts", ".ts"),
}
HEIC_HINT = "the extra avkd[heic] (pip install pillow-heif) reads them"
IMAGES = tuple(suffix for suffixes in IMAGE_SUFFIXES.values() for suffix in suffixes)
VIDEOS = tuple(suffix for suffixes in VIDEO_SUFFIXES.values() for suffix in suffixes)

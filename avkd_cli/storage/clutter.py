"""Files that systems leave behind wherever they have been: never part of anybody's data."""

_NAMES = frozenset(
    """
    thumbs.db ehthumbs.db ehthumbs_vista.db desktop.ini __macosx $recycle.bin #recycle @eadir
    lost+found
    """.split()
) | {"icon\r", "system volume information"}


def is_left_by_system(name: str) -> bool:
    """Return whether a system put a file of this name there by itself.

    Not every hidden name: where a folder is to be made, or shown to be whole, .git is somebody's.
    """
    return name.startswith("._") or name == ".DS_Store" or name.lower() in _NAMES


def is_clutter(name: str) -> bool:
    """Return whether a file or folder of this name is hidden or left by a system.

    macOS writes ._x beside every x on foreign disks and .DS_Store into every folder, Windows
    Thumbs.db and desktop.ini, network disks @eaDir and #recycle; office programs lock x with ~$x.
    """
    return name.startswith((".", "~$")) or name.lower() in _NAMES

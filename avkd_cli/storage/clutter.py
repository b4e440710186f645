"""Files that systems leave behind wherever they have been: never part of anybody's data."""

_NAMES = frozenset({
    "thumbs.db", "ehthumbs.db", "ehthumbs_vista.db", "desktop.ini", "icon\r", "__macosx",
    "$recycle.bin", "#recycle", "system volume information", "@eadir", "lost+found",
})  # fmt: skip


def is_clutter(name: str) -> bool:
    """Return whether a file or folder of this name is hidden or left by a system.

    macOS writes ._x beside every x on foreign disks and .DS_Store into every folder, Windows
    Thumbs.db and desktop.ini, network disks @eaDir and #recycle; office programs lock x with ~$x.
    """
    return name.startswith((".", "~$")) or name.lower() in _NAMES

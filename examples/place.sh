#!/usr/bin/env bash
# Folders that make fills and removes: only those that carry our mark, which is put only into a folder
# that was not there or had nothing in it but other marked ones.
#   examples/place.sh own FOLDER        make it, or see that it is ours
#   examples/place.sh remove FOLDER     with all in it; nothing where there is none
set -euo pipefail
MARK=.avkd-made

# ours FOLDER: it carries the mark, or holds nothing but folders that do.
ours() {
  local entry found=
  [ ! -f "$1/$MARK" ] || return 0
  for entry in "$1"/* "$1"/.[!.]* "$1"/..?*; do
    [ -e "$entry" ] || [ -L "$entry" ] || continue
    { [ -d "$entry" ] && [ ! -L "$entry" ] && ours "$entry"; } || return 1
    found=1
  done
  [ -n "$found" ]
}

refuse() {
  echo "make: $1: $2; if an older make made it, and make clean may remove all in it: touch $(printf %q "$1/$MARK")" >&2
  exit 73
}

place=$(readlink -m -- "$2") # a link stands for its folder
case $1 in
  own)
    [ ! -e "$place" ] || [ -d "$place" ] || { echo "make: $place is no folder; name another" >&2; exit 73; }
    if [ -e "$place" ] && [ -n "$(ls -A -- "$place")" ] && ! ours "$place"; then
      refuse "$place" "holds what make did not make; name another folder"
    fi
    mkdir -p -- "$place"
    [ -f "$place/$MARK" ] || echo "make made this folder; make clean removes it with all in it" >"$place/$MARK"
    ;;
  remove)
    [ -e "$place" ] || exit 0
    [[ $place != / && $PWD/ != "$place"/* ]] || { echo "make: $place holds the project, and stays" >&2; exit 73; }
    [ -d "$place" ] && ours "$place" || refuse "$place" "not removed, since it does not carry make's mark"
    rm -rf -- "$place"
    ;;
  *) echo "make: place.sh: expected own or remove, found '$1'" >&2; exit 2 ;;
esac

#!/usr/bin/env bash
# How far the students are: one line, from those that are scored and the times of their trainings.
#   examples/progress.sh WORK TOTAL JOBS LIST
set -euo pipefail
shopt -s nullglob
done=0 spent=0
for scores in "$1"/scores/*-kd-*."$4".scores; do
  run=$1/runs/$(basename "$scores" ".$4.scores")
  done=$((done + 1))
  spent=$((spent + $(stat -c %Y "$scores") - $(stat -c %Y "$run/run.json")))
done
[ "$done" -gt 0 ] || exit 0
left=$(((($2 - done) * spent / done + $3 - 1) / $3))
if [ "$done" -ge "$2" ]; then left="all taught"
elif [ "$left" -lt 5400 ]; then left="about $(((left + 59) / 60)) min left"
else left="about $(((left + 1800) / 3600)) h left"; fi
echo "avkd: student $done of $2, $left" >&2

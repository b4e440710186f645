#!/bin/bash
# Run a command and append to a table what it was for and how many seconds it took:
#     timed.sh times.tsv seed-0/runs/audio avkd train-teacher …
# A command that fails is not in the table; one that was interrupted adds its last part only.
set -eu
table=$1 name=$2
shift 2
started=$EPOCHREALTIME
"$@"
printf '%s\t%s\n' "$name" "$(( (${EPOCHREALTIME/./} - ${started/./}) / 1000000 ))" >>"$table"

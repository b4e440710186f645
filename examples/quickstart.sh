#!/usr/bin/env bash
# From nothing to one student that only hears: the stand-in corpus, two senses, a teacher, a student.
#   examples/quickstart.sh [FOLDER]         (avkd on the PATH: source .venv/bin/activate)
set -euo pipefail
mkdir -p "${1:-quickstart}" && cd "${1:-quickstart}"

avkd corpus standin -o corpus --persons "${PERSONS:-40}"
avkd prep-audio corpus/people.jsonl -o audio.zarr --config small > /dev/null
avkd crop-faces corpus/people.jsonl -o faces.zarr --config small --detector none > /dev/null
avkd train-teacher --modality audio audio.zarr -o audio --config small
avkd train-teacher --modality visual faces.zarr -o visual --config small
avkd extract-embeddings audio audio.zarr -o audio-emb.zarr > /dev/null
avkd extract-embeddings visual faces.zarr -o visual-emb.zarr > /dev/null
avkd train-teacher --modality fusion audio-emb.zarr visual-emb.zarr -o teacher --config small
avkd extract-embeddings teacher audio-emb.zarr visual-emb.zarr -o teacher-emb.zarr > /dev/null
avkd distill audio.zarr --teacher teacher-emb.zarr --modality audio --beta 1 -o student --config small
avkd extract-embeddings student audio.zarr -o student-emb.zarr > /dev/null
for system in audio teacher student; do
  avkd score corpus/veri_test.txt $system-emb.zarr -o $system.scores
done
avkd analyze venn --a audio.scores --b student.scores --plot venn.svg

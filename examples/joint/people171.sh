#!/usr/bin/env bash
# Are both encoders better trained on together (S4, SSA) than kept as they are under a fusion (S0's GATE)?
# On people171: one still a sample, so no series of weights, and nothing for generators to do.
#   examples/joint/people171.sh DATA/people171 work/joint171 choose    the joint's learning rate, on a third of the training people
#   examples/joint/people171.sh DATA/people171 work/joint171 test      both on all of them, tested on 63 others, three seeds (SEEDS="0 1 2")
# (avkd on the PATH: source .venv/bin/activate.) What is finished is kept.
set -euo pipefail
data=$1 work=$2 part=$3
usual="--embedding-size 128 --batch-size 64 --optimizer adamw --lr-final 1e-4 --warmup 0.05 --weight-decay 5e-4 --quiet"
voices="--model tdnn --width 32 --pooling weasp-safe --lr 3e-3 --crop-min 120 --crop-max 200 --dropout 0.2 --max-steps 600"
faces="--model cnn --width 16 --pooling weasp-safe --frames 1 --lr 2e-3 --flip --jitter 0.2 --shift 4 --dropout 0.2 --max-steps 300"
both="--model ssa --start orthogonal --clip 1.6 --per-person 2 --margin 0.2 --scale 32 --schedule exponential --max-steps 300"
rates="3e-4 1e-3 3e-3" chosen=${LR:-1e-3}

mkdir -p "$work"
avkd corpus csv "$data/people171.csv" --id sample --person identity --audio voice --images face --sex sex --split split --root "$data" -o "$work/people.jsonl"
avkd prep-audio "$work/people.jsonl" -o "$work/audio.zarr" --quiet >/dev/null
avkd crop-faces "$work/people.jsonl" -o "$work/faces.zarr" --detector none --quiet >/dev/null

embedded() { # FOLDER NAME STORE…: embed everybody by a run, and score
  local to=$1 name=$2; shift 2
  avkd extract-embeddings "$to/$name" "$@" -o "$to/$name.zarr" --quiet >/dev/null
  avkd score "$trials" "$to/$name.zarr" -o "$to/$name.scores" --quiet
}

encoders() { # FOLDER SEED: each sense alone, and fusions of what they give
  avkd train-teacher --modality audio "$work/audio.zarr" --list "$list" -o "$1/audio" --seed "$2" $usual $voices >/dev/null
  avkd train-teacher --modality visual "$work/faces.zarr" --list "$list" -o "$1/visual" --seed "$2" $usual $faces >/dev/null
  embedded "$1" audio "$work/audio.zarr"
  embedded "$1" visual "$work/faces.zarr"
  for model in gate ssa; do
    avkd train-teacher --modality fusion "$1/audio.zarr" "$1/visual.zarr" --list "$list" -o "$1/$model" --config small --model $model --seed "$2" --quiet >/dev/null
    embedded "$1" $model "$1/audio.zarr" "$1/visual.zarr"
  done
}

joint() { # FOLDER SEED NAME RATE
  avkd train-teacher --modality joint "$work/audio.zarr" "$work/faces.zarr" --init-from "$1/audio" --init-from "$1/visual" --list "$list" -o "$1/$3" --seed "$2" $usual $both --lr "$4" >/dev/null
  embedded "$1" "$3" "$work/audio.zarr" "$work/faces.zarr"
}

if [ "$part" = choose ]; then
  to=$work/fold-2 list=$work/fold-2/train.jsonl trials=$work/fold-2/trials.txt
  mkdir -p "$to"
  grep '"split": *"train"' "$work/people.jsonl" | grep -v '"fold": *"\?2' >"$list"
  grep '"fold": *"\?2' "$work/people.jsonl" | sed 's/"split": *"train"/"split":"test"/' >"$to/test.jsonl"
  [ -e "$trials" ] || avkd corpus trials "$to/test.jsonl" --cross-session --targets 1000 --nontargets 10000 -o "$trials"
  encoders "$to" 0
  for rate in $rates; do joint "$to" 0 "joint-$rate" "$rate"; done
  avkd analyze compare "$to"/{gate,ssa,audio,visual,joint-*}.scores --people "$work/people.jsonl" --metrics eer
else
  trials=$data/people171_trials.txt list=$work/train.jsonl
  grep '"split": *"train"' "$work/people.jsonl" >"$list"
  for seed in ${SEEDS:-0 1 2}; do
    encoders "$work/seed-$seed" "$seed"
    joint "$work/seed-$seed" "$seed" joint "$chosen"
    avkd analyze compare "$work/seed-$seed"/{gate,ssa,joint}.scores --people "$work/people.jsonl" --metrics eer
    avkd analyze metrics "$work/seed-$seed"/{audio,visual}.scores
  done
fi

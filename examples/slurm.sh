#!/usr/bin/env bash
# VoxCeleb on a Slurm cluster with a shared file system: preparation as job arrays on CPU nodes, then
# the recipe of the Makefile on a GPU node. Run it in the project's folder; it submits everything.
#   VOXCELEB1=/data/voxceleb1 VOXCELEB2=/data/voxceleb2 WORK=/scratch/vox \
#     DETECTOR_WEIGHTS=yunet.onnx examples/slurm.sh
# Each job may be preempted: requeued, its command goes on where it was. After a time limit, run this
# again: what is done is not done twice.
set -euo pipefail
: "${VOXCELEB1:?the folder of VoxCeleb1}" "${VOXCELEB2:?the folder of VoxCeleb2}" "${WORK:?a folder}"
TASKS=${TASKS:-40} CPUS=${CPUS:-16} GPUS=${GPUS:-4} TIME=${TIME:-24:00:00}
PRESET=${PRESET:-paper} DETECTOR=${DETECTOR:-yunet} DETECTOR_WEIGHTS=${DETECTOR_WEIGHTS:-}
avkd=$PWD/.venv/bin/avkd
list=$WORK/lists/people.jsonl
faces=(--detector "$DETECTOR" ${DETECTOR_WEIGHTS:+--detector-weights "$DETECTOR_WEIGHTS"})

make setup inputs "$list" VOXCELEB1="$VOXCELEB1" VOXCELEB2="$VOXCELEB2" WORK="$WORK" \
  DETECTOR="$DETECTOR" DETECTOR_WEIGHTS="$DETECTOR_WEIGHTS"
mkdir -p "$WORK/stores" "$WORK/slurm"

# submit OPTIONS… COMMAND: exec, so that Slurm's SIGTERM, 2 minutes before the end, reaches it.
submit() {
  sbatch --parsable --requeue --open-mode=append --output="$WORK/slurm/%x-%a.log" --time="$TIME" \
    --signal=B:TERM@120 "${@:1:$#-1}" --wrap="${*: -1}"
}

# prepare STORE COMMAND…: print the number of the job after which the store is there.
prepare() {
  local store=$1 parts each array
  shift
  parts=$("$@" -o "$store" --dry-run 2>/dev/null | python3 -c 'import json, sys; print(json.load(sys.stdin)["partitions"])')
  each=$(((parts + TASKS - 1) / TASKS))
  array=$(submit --job-name="$(basename "$store")" --cpus-per-task="$CPUS" \
    --array="0-$(((parts - 1) / each))" \
    "first=\$((SLURM_ARRAY_TASK_ID * $each)); last=\$((first + $each < $parts ? first + $each : $parts)); exec $* -o $store --workers $CPUS --partitions \$first:\$last")
  submit --job-name=finalise --dependency="afterok:$array" "exec $* -o $store --finalise"
}

audio=$(prepare "$WORK/stores/audio.zarr" "$avkd" prep-audio "$list" --config "$PRESET")
visual=$(prepare "$WORK/stores/faces.zarr" "$avkd" crop-faces "$list" --config "$PRESET" "${faces[@]}")
submit --job-name=vox1_kd --gpus="$GPUS" --cpus-per-task="$CPUS" --dependency="afterok:$audio:$visual" \
  "cd $PWD && exec make vox1_kd VOXCELEB1=$VOXCELEB1 VOXCELEB2=$VOXCELEB2 WORK=$WORK PRESET=$PRESET DETECTOR=$DETECTOR DETECTOR_WEIGHTS=$DETECTOR_WEIGHTS NUM_PROCESSES=$GPUS"

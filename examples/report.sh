#!/usr/bin/env bash
# The page examples/report/index.html, from embeddings that a program draws: a minute, no data, no training.
#   examples/report.sh [FOLDER]             (avkd on the PATH: source .venv/bin/activate)
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
work=${1:-report-example}
python "$here/report/simulate.py" "$work/embeddings"
mkdir -p "$work/scores" "$work/stores"
for made in "$work"/embeddings/*.npz; do
  system=$(basename "$made" .npz)
  avkd extract-embeddings --from "$made" -o "$work/stores/$system-emb.zarr" > /dev/null
  avkd score "$work/embeddings/test.txt" "$work/stores/$system-emb.zarr" -q -o "$work/scores/$system.simulated.scores"
done
# A score that means what it says: log-likelihood ratios, trained on other people than those tested.
fused=$work/stores/fusion-gate-emb.zarr
avkd score "$work/embeddings/dev.txt" "$fused" -q --train-calibration "$work/calibration.json" > /dev/null
avkd score "$work/embeddings/test.txt" "$fused" -q --calibrate "$work/calibration.json" \
  -o "$work/scores/calibrated.simulated.scores"
avkd analyze report "$work" --corpus "simulated embeddings; nobody here exists, and no number is a result"

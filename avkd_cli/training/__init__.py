"""One loop for teachers and students: exact, resumable, watched. Read in this order:

- `sampler`, `keyed`: which utterances batch k holds; randomness as a function of what it is for.
- `batches`, `disturbance`: from draws to arrays, read ahead from stores; noise, rooms and speeds.
- `frontend`, `networks`: from arrays to an embedding, the same in training and in extraction.
- `objectives`: from a batch to named losses, all that differs between a teacher and a student.
- `schedule`: learning rate and margin of a step.
- `loop`: `fit`, which joins all of the above; progress is one integer, the step.
- `state`, `checkpoint`, `runs`: what a run is in memory, what is saved of it, and its folder.
- `nonfinite`, `signals`, `faults`, `watch`: what may come between, and what a person sees of it.
- `processes`: several at once on one machine. `embedding`: what a trained network is for.
"""

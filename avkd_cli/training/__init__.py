"""One loop for teachers and students: exact, resumable, watched. Read in this order:

- `training_set`: which utterances are trained on, and which class each belongs to.
- `sampler`: which utterances batch k holds, by `avkd_cli.keyed`: draws as a function of their use.
- `batches`: from draws to arrays, read ahead; what is read is the business of `inputs`.
- `objective`: a network's levels, heads that classify them, terms that look at them, and
  `bridges` that add levels beside the network.
- `schedule`, `optimizers`: the learning rate of a moment; what moves the weights.
- `loop`: `fit`, which joins all of the above; progress is one integer, the step.
- `plan`: what identifies a run.
- `state`, `checkpoint`, `runs`: what a run is in memory, what is saved of it, and its folder.
- `nonfinite`, `signals`, `faults`, `watch`: what may come between, and what a person sees of it.
- `device`, `processes`: where it computes, and several at once on one machine.
"""

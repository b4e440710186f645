"""AAM-softmax and the distillation terms."""

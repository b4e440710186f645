"""From a trained network and recordings to a decision: for verify, share and Python."""

"""What each command does: open inputs, call the rooms, write outputs."""

"""One loop for teachers and students: exact, resumable, watched."""

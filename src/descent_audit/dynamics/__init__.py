"""How iterates move: runs, schedules, line search, noise, mini-batches."""

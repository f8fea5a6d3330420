"""What an experiment is given and what it reports: streams, blocks, tallies, null laws, observations."""

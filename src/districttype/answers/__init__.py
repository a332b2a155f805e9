"""What the commands answer from a run: why, how right, how alike, and what can be learnt."""

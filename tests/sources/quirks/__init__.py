"""What real services do in silence, one test a quirk, by the numbers of the list of sources."""

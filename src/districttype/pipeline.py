"""The line: sources, layers, indicators, typology, focus, publish; one step a function."""

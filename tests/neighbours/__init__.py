"""The package beside what its users already use, each neighbour in its real, installed self."""

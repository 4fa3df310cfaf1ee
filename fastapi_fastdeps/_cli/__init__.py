"""The command `fastdeps`."""

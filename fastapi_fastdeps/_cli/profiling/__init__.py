"""What `fastdeps profile` makes of what was measured."""

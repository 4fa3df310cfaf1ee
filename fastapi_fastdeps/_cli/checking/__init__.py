"""What `fastdeps check` looks for, and how it says what it found."""

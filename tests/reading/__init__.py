"""What `harmless` reads, and how."""

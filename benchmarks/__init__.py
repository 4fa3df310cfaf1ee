"""Programs that show and measure what the package does."""

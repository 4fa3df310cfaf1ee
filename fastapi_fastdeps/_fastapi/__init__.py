"""What is known of the installed FastAPI: its names, and what can be built on them."""

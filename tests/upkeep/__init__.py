"""What is to be done when a FastAPI comes out."""

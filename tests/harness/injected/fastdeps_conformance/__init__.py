"""What is put on the path of every interpreter that runs FastAPI's suite."""

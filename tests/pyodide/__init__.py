"""Where no thread can start: in Pyodide, under Node."""

import { loadPyodide } from "pyodide";

const [repository, site] = process.argv.slice(2);
const pyodide = await loadPyodide();
pyodide.mountNodeFS("/repository", repository);
pyodide.mountNodeFS("/site", site);
const wrong = await pyodide.runPythonAsync(`
import sys

sys.dont_write_bytecode = True
sys.path[:0] = ["/repository", "/site"]

import fastapi
from tests.pyodide import program

stock = await program.answers(fastapi.FastAPI)
lines = [
    f"FastAPI itself answers {name}: {answer}"
    for name, answer in stock.items()
    if name.startswith(program.THREADED) and "start new thread" not in str(answer)
]
lines += await program.differences()
print(f"Pyodide, Python {sys.version.split()[0]}, FastAPI {fastapi.__version__}: ", end="")
print(f"{2 * len(program.EXPECTED)} answers in two lanes, {len(lines)} wrong")
"\\n".join(lines)
`);
if (wrong) {
  console.log(wrong);
  process.exit(1);
}

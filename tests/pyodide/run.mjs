import { loadPyodide } from "pyodide";

const [repository, packages, what] = process.argv.slice(2);
const pyodide = await loadPyodide();
pyodide.mountNodeFS("/repository", repository);
pyodide.mountNodeFS("/site-packages", packages);
pyodide.runPython(`
import os
import sys

sys.dont_write_bytecode = True
sys.path[:0] = ["/repository", "/site-packages"]
os.chdir("/repository")
`);

const programs = {
  program: `
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
print("\\n".join(lines), end="")
bool(lines)
`,
  suite: `
from tests.pyodide import suite

suite.main()
`,
};
// Whatever runs event loops of its own must not run in that of the browser.
const run = what === "suite" ? pyodide.runPython : pyodide.runPythonAsync;
process.exitCode = Number(await run(programs[what]));

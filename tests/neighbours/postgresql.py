"""A PostgreSQL server of Debian's packages, started for a test."""

import os
import pwd
import shutil
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.harness.commands import PreparationError, run


def _binary(name: str) -> Path:
    found = sorted(Path("/usr/lib/postgresql").glob(f"*/bin/{name}"))
    if not found:
        raise PreparationError(f"{name} is not there: apt-get install postgresql")
    return found[-1]


@contextmanager
def server() -> Iterator[str]:
    """The directory of the socket of a server that is empty but for what PostgreSQL has."""
    directory = Path(tempfile.mkdtemp(prefix="fastdeps-"))
    # PostgreSQL does not run as root.
    user = "postgres" if os.geteuid() == 0 else None
    if user is not None:
        os.chown(directory, pwd.getpwnam(user).pw_uid, -1)
    as_user = ("setpriv", f"--reuid={user}", "--clear-groups") if user else ()
    data = directory / "data"
    run(*as_user, _binary("initdb"), "-D", data, "-U", "postgres", "-A", "trust", cwd=directory)
    command = [*as_user, str(_binary("postgres")), "-D", str(data), "-k", str(directory), "-h", ""]
    process = subprocess.Popen(command, cwd=directory, stderr=subprocess.DEVNULL)
    try:
        ready = [str(_binary("pg_isready")), "-q", "-h", str(directory)]
        while subprocess.run(ready, check=False).returncode != 0:
            if process.poll() is not None:
                raise PreparationError(f"{' '.join(command)} has ended")
            time.sleep(0.05)
        yield str(directory)
    finally:
        process.terminate()
        process.wait()
        shutil.rmtree(directory)

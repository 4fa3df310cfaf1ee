"""`python -m fastapi_fastdeps`, and the command `fastdeps`."""

import sys


def main() -> None:
    """Run the command line."""
    try:
        from fastapi_fastdeps._cli.commands import command
    except ModuleNotFoundError as error:
        if error.name not in ("blockbuster", "libcst", "rich", "typer"):
            raise
        sys.stderr.write("fastdeps needs more packages: pip install 'fastapi-fastdeps[cli]'.\n")
        sys.exit(2)
    command(prog_name="fastdeps")


if __name__ == "__main__":
    main()

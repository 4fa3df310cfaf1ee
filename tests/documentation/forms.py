"""Whether GitHub would take the workflows and issue forms, by the schemas of check-jsonschema."""

import subprocess
import sys
from pathlib import Path

from tests.harness.commands import REPOSITORY

FORMS: dict[str, tuple[str, ...]] = {
    "github-workflows": ("workflows/*.yml",),
    "github-issue-forms": ("ISSUE_TEMPLATE/fault.yml", "ISSUE_TEMPLATE/question.yml"),
    "github-issue-config": ("ISSUE_TEMPLATE/config.yml",),
}


def main(folder: Path = REPOSITORY / ".github") -> int:
    checked: set[Path] = set()
    failed = 0
    for schema, patterns in FORMS.items():
        files = [file for pattern in patterns for file in sorted(folder.glob(pattern))]
        checked.update(files)
        command = [sys.executable, "-m", "check_jsonschema", "--builtin-schema", f"vendor.{schema}"]
        failed |= subprocess.run([*command, *map(str, files)], check=False).returncode
    forgotten = {*folder.glob("workflows/*"), *folder.glob("ISSUE_TEMPLATE/*")} - checked
    for file in sorted(forgotten):
        print(f"{file}: no schema is named for it")
    return bool(failed or forgotten)


if __name__ == "__main__":
    sys.exit(main())

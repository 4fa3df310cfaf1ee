"""A client of language servers: what an editor would show at a place in a text."""

import json
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

_BIN = Path(sys.executable).parent
SERVERS = {
    "pyright": ("pyright-langserver", "--stdio"),
    "ty": ("ty", "server"),
    "pyrefly": ("pyrefly", "lsp"),
}
"""Those of the four checkers that serve editors."""

_CAPABILITIES = {
    "workspace": {"configuration": True, "workspaceFolders": True},
    "textDocument": {
        "hover": {"contentFormat": ["plaintext"]},
        "signatureHelp": {"signatureInformation": {"documentationFormat": ["plaintext"]}},
        "completion": {"completionItem": {"documentationFormat": ["plaintext"]}},
    },
}
_SETTINGS = {"pythonPath": sys.executable, "interpreter": [sys.executable]}


class LanguageServer:
    """One running server; the places of requests are named by the text before them."""

    def __init__(self, process: "subprocess.Popen[bytes]", directory: Path) -> None:
        self._process = process
        self._directory = directory
        self._requests = 0
        self._uri = ""
        self._text = ""
        self._request(
            "initialize",
            processId=None,
            rootUri=directory.as_uri(),
            workspaceFolders=[{"uri": directory.as_uri(), "name": directory.name}],
            capabilities=_CAPABILITIES,
            initializationOptions=_SETTINGS,
        )
        self._send(method="initialized", params={})

    def open(self, name: str, text: str) -> None:
        """Open a text as a file of the directory; the requests that follow are about it."""
        self._uri = (self._directory / name).as_uri()
        self._text = text
        document = {"uri": self._uri, "languageId": "python", "version": 1, "text": text}
        self._send(method="textDocument/didOpen", params={"textDocument": document})

    def completions(self, before: str) -> list[str]:
        """The arguments offered right after this part of the text, `name=` each."""
        found = self._request("textDocument/completion", **self._place(before))
        items = found["items"] if isinstance(found, dict) else found
        return sorted(item["label"] for item in items if item["label"].endswith("="))

    def signature(self, before: str) -> dict[str, str]:
        """The parameters shown right after this part of the text, with their documentation,
        which some servers give for the current one alone."""
        found = self._request("textDocument/signatureHelp", **self._place(before))
        signature = found["signatures"][found.get("activeSignature") or 0]
        return dict(_parameters(signature))

    def hover(self, before: str) -> str:
        """What is shown for the name right before this place."""
        found = self._request("textDocument/hover", **self._place(before, -1))
        contents = found["contents"]
        return str(contents["value"] if isinstance(contents, dict) else contents)

    def _place(self, before: str, shift: int = 0) -> dict[str, Any]:
        offset = self._text.index(before) + len(before) + shift
        line = self._text.count("\n", 0, offset)
        column = offset - (self._text.rfind("\n", 0, offset) + 1)
        position = {"line": line, "character": column}
        return {"textDocument": {"uri": self._uri}, "position": position}

    def _request(self, method: str, **params: Any) -> Any:
        self._requests += 1
        self._send(id=self._requests, method=method, params=params)
        while True:
            message = self._receive()
            if "method" in message and "id" in message:
                self._send(id=message["id"], result=_answer(message))
            elif message.get("id") == self._requests:
                if "error" in message:
                    raise RuntimeError(f"{method}: {message['error']}")
                return message["result"]

    def _send(self, **message: Any) -> None:
        assert self._process.stdin is not None
        body = json.dumps({"jsonrpc": "2.0", **message}).encode()
        self._process.stdin.write(b"Content-Length: %d\r\n\r\n%s" % (len(body), body))
        self._process.stdin.flush()

    def _receive(self) -> dict[str, Any]:
        assert self._process.stdout is not None
        length = 0
        while header := self._process.stdout.readline().strip():
            name, value = header.split(b":")
            if name.lower() == b"content-length":
                length = int(value)
        if not length:
            raise RuntimeError("The language server has ended.")
        message: dict[str, Any] = json.loads(self._process.stdout.read(length))
        return message


@contextmanager
def language_server(name: str, directory: Path) -> Iterator[LanguageServer]:
    """The language server of a checker, over a directory."""
    command, *arguments = SERVERS[name]
    with subprocess.Popen(
        [str(_BIN / command), *arguments],
        cwd=directory,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
    ) as process:
        try:
            yield LanguageServer(process, directory)
        finally:
            process.kill()


def _answer(request: dict[str, Any]) -> Any:
    if request["method"] == "workspace/configuration":
        sections = [item.get("section") for item in request["params"]["items"]]
        return [_SETTINGS if section == "python" else {} for section in sections]
    return None


def _parameters(signature: dict[str, Any]) -> Iterator[tuple[str, str]]:
    for parameter in signature["parameters"]:
        label = parameter["label"]
        if not isinstance(label, str):
            label = signature["label"][slice(*label)]
        documentation = parameter.get("documentation") or ""
        if not isinstance(documentation, str):
            documentation = documentation["value"]
        yield label, documentation

"""One HTML file that needs nothing else."""

import json
from importlib.resources import files

from fastapi_fastdeps._cli.graphs import graph_of
from fastapi_fastdeps._cli.overview import Overview, as_json


def as_html(shown: Overview) -> str:
    """The routes, searchable, and the graph below the one that is looked at."""
    graph = graph_of(shown.routes)
    data = {**as_json(shown), "edges": graph.edges, "roots": graph.roots}
    data["nodes"] = [
        {
            "name": call.name,
            "location": call.location,
            "execution": call.execution,
            "decided_by": call.decided_by,
        }
        for call in graph.calls
    ]
    template = files("fastapi_fastdeps._cli").joinpath("page.html").read_text(encoding="utf-8")
    # What stands in a script must not end it.
    text = json.dumps(data).replace("<", "\\u003c")
    return template.replace("/*DATA*/null", text)

"""FastAPI whose sync dependencies and endpoints run where a classifier says."""

from fastapi_fastdeps._building.routes import FastDepsRoute, FastDepsWebSocketRoute
from fastapi_fastdeps.applications import FastDepsAPI
from fastapi_fastdeps.classifiers import (
    Candidate,
    Classifier,
    Role,
    all_classes,
    decisions,
    default_classifier,
    everything,
    first_match,
    harmless,
    predicate,
)
from fastapi_fastdeps.errors import (
    ClassifierError,
    DecisionsError,
    FastDepsError,
    LimiterError,
    MarkerError,
    UnsupportedFastAPIError,
)
from fastapi_fastdeps.explanation import CallRecord, Explanation, Lane, RouteRecord, explain
from fastapi_fastdeps.guarding import Guard, GuardError, Part, SlowCall, SlowCallError
from fastapi_fastdeps.marking import (
    Execution,
    Inline,
    InlineMixin,
    Threaded,
    ThreadedMixin,
    annotated,
    inline,
    threaded,
)
from fastapi_fastdeps.routing import FastDepsRouter
from fastapi_fastdeps.running import run_inline, run_threaded

# isort: split
# After the module of this name has been imported: the public name is the classifier.
from fastapi_fastdeps.classifiers import markers

__version__ = "0.1.0"

__all__ = [
    "CallRecord",
    "Candidate",
    "Classifier",
    "ClassifierError",
    "DecisionsError",
    "Execution",
    "Explanation",
    "FastDepsAPI",
    "FastDepsError",
    "FastDepsRoute",
    "FastDepsRouter",
    "FastDepsWebSocketRoute",
    "Guard",
    "GuardError",
    "Inline",
    "InlineMixin",
    "Lane",
    "LimiterError",
    "MarkerError",
    "Part",
    "Role",
    "RouteRecord",
    "SlowCall",
    "SlowCallError",
    "Threaded",
    "ThreadedMixin",
    "UnsupportedFastAPIError",
    "all_classes",
    "annotated",
    "decisions",
    "default_classifier",
    "everything",
    "explain",
    "first_match",
    "harmless",
    "inline",
    "markers",
    "predicate",
    "run_inline",
    "run_threaded",
    "threaded",
]

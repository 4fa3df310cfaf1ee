"""What another file does to the containers and objects of `unseen`."""

from tests.reading.corpus import unseen

unseen.NAMES_FROM_ELSEWHERE.append("a")
unseen.LIMITS_FROM_ELSEWHERE["a"] = 1


def rename(settings: unseen.Renamed) -> None:
    settings.renamed = unseen.Blocks()  # type: ignore[assignment]

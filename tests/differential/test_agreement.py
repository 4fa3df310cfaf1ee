"""FastDepsAPI answers every program as FastAPI does."""

from hypothesis import given
from hypothesis import strategies as st

from .compare import check_agreement, check_contexts, check_threads
from .drive import Driver
from .marks import lanes, marks, threads
from .program import Marks
from .programs import Shape, in_every_shape, programs


@in_every_shape
@given(data=st.data())
def test_with_nothing_marked_it_does_the_same_in_the_same_threads(
    shape: Shape, data: st.DataObject, running: Driver
) -> None:
    program = data.draw(programs(shape))
    check_agreement(running, program, Marks(lane=data.draw(lanes)))


@in_every_shape
@given(data=st.data())
def test_however_it_comes_to_threads_it_does_the_same(
    shape: Shape, data: st.DataObject, running: Driver
) -> None:
    program = data.draw(programs(shape))
    said = Marks(lane=data.draw(lanes), threads=data.draw(threads))
    observed = check_agreement(running, program, said)
    check_threads(program, said, observed)
    check_contexts(program, said, observed)


@in_every_shape
@given(data=st.data())
def test_with_everything_inline_it_does_the_same_on_the_event_loop(
    shape: Shape, data: st.DataObject, running: Driver
) -> None:
    program = data.draw(programs(shape))
    everything = Marks(classifier="everything", lane=data.draw(lanes))
    observed = check_agreement(running, program, everything)
    check_threads(program, everything, observed)
    check_contexts(program, everything, observed)


@in_every_shape
@given(data=st.data())
def test_with_random_marks_it_does_the_same_where_the_marks_say(
    shape: Shape, data: st.DataObject, running: Driver
) -> None:
    program = data.draw(programs(shape))
    said = data.draw(marks(program))
    observed = check_agreement(running, program, said)
    check_threads(program, said, observed)
    check_contexts(program, said, observed)

import json
import logging
import sqlite3
import stat
import warnings
from collections.abc import Callable
from pathlib import Path

import dagster as dg
import pytest

from dp_clinical_pipeline.defs.guard import guarded, guarded_tick
from dp_clinical_pipeline.defs.progress import observer
from dp_clinical_pipeline.errors import UserError
from dp_clinical_pipeline.home import Home

SECRET = "Wilhelmina Abernathy-Quist, MRN 48151623"


def _raises_it() -> None:
    raise ValueError(SECRET)


def _with_cause() -> None:
    try:
        _raises_it()
    except ValueError as error:
        raise RuntimeError("second") from error


def _with_context() -> None:
    try:
        _raises_it()
    finally:
        raise RuntimeError(f"while handling {SECRET}")


def _as_group() -> None:
    raise ExceptionGroup("several", [ValueError(SECRET), KeyError(SECRET)])


def _with_note() -> None:
    error = OSError(2, "No such file", SECRET)
    error.add_note(SECRET)
    raise error


def _user_error_out_of_it() -> None:
    try:
        _raises_it()
    except ValueError:
        raise UserError("one clear line")  # noqa: B904 - the context is what is tested


def _interrupted_while_handling() -> None:
    try:
        _raises_it()
    except ValueError:
        raise KeyboardInterrupt  # noqa: B904


def _asset(body: Callable[[], None]) -> dg.AssetsDefinition:
    @dg.asset
    @guarded
    def step(context: dg.AssetExecutionContext) -> None:
        body()

    return step


def _everything_stored(folder: Path) -> bytes:
    return b"".join(path.read_bytes() for path in folder.rglob("*") if path.is_file())


@pytest.mark.parametrize("body", [_raises_it, _with_cause, _with_context, _as_group, _with_note, _user_error_out_of_it])
def test_no_text_of_an_exception_reaches_dagsters_storage(
    body: Callable[[], None], home: Home, instance: dg.DagsterInstance, capfd: pytest.CaptureFixture[str]
) -> None:
    result = dg.materialize([_asset(body)], instance=instance, raise_on_error=False)
    assert not result.success
    for name in (b"Abernathy", b"48151623"):
        assert name not in _everything_stored(home.dagster)
    out, err = capfd.readouterr()
    assert "Abernathy" not in out + err
    failure = next(event for event in result.all_events if event.is_step_failure).step_failure_data
    assert failure.error is not None
    assert failure.error.cause is None
    assert failure.error.context is None


def test_an_interruption_carries_nothing_with_it(home: Home, instance: dg.DagsterInstance) -> None:
    with pytest.raises((KeyboardInterrupt, dg.DagsterExecutionInterruptedError)):
        dg.materialize([_asset(_interrupted_while_handling)], instance=instance)
    assert b"Abernathy" not in _everything_stored(home.dagster)


def test_the_traceback_is_kept_for_its_owner_alone(home: Home, instance: dg.DagsterInstance) -> None:
    result = dg.materialize([_asset(_with_cause)], instance=instance, raise_on_error=False)
    [kept] = (home.enclave / "errors").glob("*.txt")
    assert kept.name == f"{result.run_id}-step.txt"
    assert stat.S_IMODE(kept.stat().st_mode) == 0o600
    assert stat.S_IMODE(kept.parent.stat().st_mode) == 0o700
    assert SECRET in kept.read_text()


def test_a_failure_names_the_type_and_the_place(
    home: Home, instance: dg.DagsterInstance, stand_in: Callable[..., None]
) -> None:
    from dp_clinical_pipeline.defs.cohort import cohort
    from dp_clinical_pipeline.store import Store

    def build_cohort(home: Home) -> None:
        Store(home).write("not a table", None)  # type: ignore[arg-type]

    stand_in("privacy.cohort", build_cohort=build_cohort)
    from dp_clinical_pipeline.defs.resources import HomeResource

    result = dg.materialize([cohort], instance=instance, resources={"home": HomeResource()}, raise_on_error=False)
    told = next(event for event in result.all_events if event.is_step_failure).step_failure_data.user_failure_data
    assert told is not None
    assert (told.description or "").startswith("AttributeError at defs/cohort.py:")
    assert "store.py:" in (told.description or "")


def test_what_the_user_can_put_right_is_told_in_one_line(home: Home, instance: dg.DagsterInstance) -> None:
    def refuse() -> None:
        raise UserError("budget 'eps-8.0' is not in its canonical form: write eps-8")

    result = dg.materialize([_asset(refuse)], instance=instance, raise_on_error=False)
    told = next(event for event in result.all_events if event.is_step_failure).step_failure_data.user_failure_data
    assert told is not None
    assert told.description == "budget 'eps-8.0' is not in its canonical form: write eps-8"
    assert not list((home.enclave / "errors").glob("*.txt"))


def test_no_step_is_retried_even_where_a_policy_says_so(home: Home, instance: dg.DagsterInstance) -> None:
    attempts = []

    @dg.asset(retry_policy=dg.RetryPolicy(max_retries=3))
    @guarded
    def step(context: dg.AssetExecutionContext) -> None:
        attempts.append(1)
        _raises_it()

    dg.materialize([step], instance=instance, raise_on_error=False)
    assert len(attempts) == 1


def test_what_libraries_warn_or_log_stays_in_the_enclave(
    home: Home, instance: dg.DagsterInstance, capfd: pytest.CaptureFixture[str]
) -> None:
    def talk() -> None:
        with warnings.catch_warnings():
            warnings.simplefilter("always")
            warnings.warn(f"odd row: {SECRET}", stacklevel=1)
        logging.getLogger("some.library").error("cannot read %s", SECRET)

    assert dg.materialize([_asset(talk)], instance=instance).success
    assert b"Abernathy" not in _everything_stored(home.dagster)
    out, err = capfd.readouterr()
    assert "Abernathy" not in out + err
    [kept] = (home.enclave / "errors").glob("*.log")
    assert stat.S_IMODE(kept.stat().st_mode) == 0o600
    assert kept.read_text().count(SECRET) == 2


def test_what_a_step_prints_is_not_stored(home: Home, instance: dg.DagsterInstance) -> None:
    def chatter() -> None:
        print(SECRET)

    assert dg.materialize([_asset(chatter)], instance=instance).success
    assert b"Abernathy" not in _everything_stored(home.dagster)


def test_a_tick_keeps_exception_text_inside_and_skips_with_a_users_line(home: Home) -> None:
    @guarded_tick
    def fails() -> None:
        _with_cause()

    @guarded_tick
    def refuses() -> None:
        raise UserError("set corpus.format in settings.yaml")

    with pytest.raises(Exception, match=r"^RuntimeError at") as caught:
        fails()
    assert SECRET not in repr(caught.value)
    assert caught.value.__context__ is None
    assert caught.value.__cause__ is None
    skipped = refuses()
    assert isinstance(skipped, dg.SkipReason)
    assert skipped.skip_message == "set corpus.format in settings.yaml"


def test_a_generator_cannot_be_guarded_by_mistake() -> None:
    with pytest.raises(TypeError, match="outside the guard"):

        @guarded
        def step(context: dg.AssetExecutionContext):  # type: ignore[no-untyped-def]
            yield 1


def test_progress_is_recorded_now_and_then_without_a_loss(home: Home, instance: dg.DagsterInstance) -> None:
    class Step:
        steps, seconds_left, epsilon, noise_multiplier, loss = 100, 3.0, 0.5, 1.1, 2.7

        def __init__(self, step: int) -> None:
            self.step = step

    @dg.asset(partitions_def=dg.StaticPartitionsDefinition(["a"]))
    @guarded
    def step(context: dg.AssetExecutionContext) -> None:
        report = observer(context, every=60)
        for i in range(1, 101):
            report(Step(i))

    result = dg.materialize([step], instance=instance, partition_key="a")
    seen = result.get_asset_observation_events()
    assert [e.asset_observation_data.asset_observation.metadata["step"].value for e in seen] == [1, 100]
    assert set(seen[0].asset_observation_data.asset_observation.metadata) == {
        "step",
        "planned_steps",
        "seconds_left",
        "sigma",
        "epsilon",
    }


def test_the_stored_events_can_be_searched_at_all(home: Home, instance: dg.DagsterInstance) -> None:
    """The tests above look for bytes: text that is put there on purpose must be found that way."""

    @dg.asset
    def loud(context: dg.AssetExecutionContext) -> None:
        context.log.info(SECRET)

    result = dg.materialize([loud], instance=instance)
    assert b"Abernathy" in _everything_stored(home.dagster)
    run = home.dagster / "history" / "runs" / f"{result.run_id}.db"
    with sqlite3.connect(run) as con:
        events = [json.loads(event) for (event,) in con.execute("SELECT event FROM event_logs")]
    con.close()
    assert any(SECRET in str(event) for event in events)

"""The ledger on PostgreSQL: a private cluster, the same answers, the order of the log."""

from __future__ import annotations

import os
import pwd
import shutil
import subprocess
import tempfile
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from ledger_world import World

from hoist_airflow.ledger import Ledger, Member
from hoist_airflow.ledger.effects import Over, Tell, Under

pytest.importorskip("psycopg", reason="needs psycopg, extra [postgres]")


def _tools() -> Path | None:
    found = shutil.which("initdb")
    if found:
        return Path(found).parent
    versions = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"))
    return versions[-1].parent if versions else None


@pytest.fixture(scope="module")
def cluster() -> Iterator[str]:
    """The URL of a private cluster on a socket; it must not run as root."""
    tools = _tools()
    if tools is None:
        pytest.skip("needs PostgreSQL's initdb and pg_ctl")
    become: dict[str, object] = {}
    home = Path(tempfile.mkdtemp(prefix="hoist-pg-"))
    if os.geteuid() == 0:
        try:
            user = pwd.getpwnam("postgres")
        except KeyError:
            pytest.skip("root cannot run PostgreSQL and there is no user postgres")
        os.chown(home, user.pw_uid, user.pw_gid)
        become = {"user": user.pw_uid, "group": user.pw_gid, "extra_groups": []}

    def tool(name: str, *arguments: str) -> None:
        subprocess.run(
            [str(tools / name), *arguments], check=True, cwd=home,
            stdout=subprocess.DEVNULL, **become,  # type: ignore[call-overload]
        )  # fmt: skip

    data = str(home / "data")
    try:
        tool("initdb", "-D", data, "-U", "hoist", "-A", "trust", "--no-sync", "-E", "UTF8")
        options = f"-c listen_addresses= -c unix_socket_directories={home} -c fsync=off"
        tool("pg_ctl", "-D", data, "-w", "-l", str(home / "log"), "-o", options, "start")
        try:
            yield f"postgresql://hoist@/postgres?host={home}"
        finally:
            tool("pg_ctl", "-D", data, "-m", "immediate", "stop")
    finally:
        shutil.rmtree(home, ignore_errors=True)


@pytest.fixture
def world(cluster: str) -> World:
    import psycopg

    with psycopg.connect(cluster, autocommit=True) as database:
        database.execute("DROP SCHEMA public CASCADE")
        database.execute("CREATE SCHEMA public")
    return World.at(cluster)


def test_a_night_of_a_box(world: World) -> None:
    shape = world.box(
        "B", Member("X", "B", box_terminator=True), Member("IN", "B", is_box=True),
        Member("Y", "IN"), Member("H", "B", auto_hold=True),
    )  # fmt: skip
    assert world.start(shape, "r1") == "started"
    assert world.start(shape, "r1") == "joined"
    assert [world.of(j) for j in ("B", "X", "IN", "Y", "H")] == [
        "RUNNING", "ACTIVATED", "ACTIVATED", "ACTIVATED", "ON_HOLD",
    ]  # fmt: skip
    inside = world.clock.now().replace(minute=1)
    world.clock.advance(minutes=2)
    assert world.run("Y", "r1") == "started"
    assert world.of("IN") == "SUCCESS"
    world.run("X", "r1", "FAILURE", 3)
    assert (world.of("B"), world.of("H")) == ("TERMINATED", "ON_HOLD")
    assert world.start(shape, "r2", tick=inside) == "dropped"
    world.ledger.set_global("G", "10%s ?")
    assert world.ledger.expand_globals("$$G") == "10%s ?"
    assert world.ask(world.gate("J", "e(X) = 3 & n(J)", "r9")).kind == "pass"
    world.ledger.load({"resources": {"R": {"kind": "renewable", "amount": 1}}})
    assert world.ledger.try_start("P", "r", resources="(R)") == "started"
    assert world.ledger.try_start("Q", "r", resources="(R)") == "short"
    assert world.ledger.alarm("K", "J", "once", once="k")
    assert not world.ledger.alarm("K", "J", "once", once="k")


def test_ctm078_what_is_late_is_told_once(world: World) -> None:
    tell = Tell("ops", "late")
    world.ledger.record("J", "RUNNING", run_id="r", changes=[Over(30, tell)])
    world.ledger.record("K", "RUNNING", run_id="r", changes=[Over(30, tell)])
    world.clock.advance(minutes=20)
    world.ledger.record("K", "SUCCESS", run_id="r", changes=[Under(21, tell)])
    world.clock.advance(minutes=20)
    assert [world.ledger.tell_late() for _ in range(2)] == [1, 0]
    assert [job for job, _kind, _text in world.ledger.alarms()] == ["K", "J"]


def test_exclusion_and_the_order_of_the_log_under_threads(world: World) -> None:
    jobs = [f"J{n}" for n in range(6)]
    answers: dict[str, str] = {}
    seen: list[int] = []
    barrier = threading.Barrier(len(jobs))

    def race(job: str) -> None:
        ledger = Ledger.open(world.url, world.clock)
        barrier.wait()
        others = " & ".join(f"n({other})" for other in jobs if other != job)
        answers[job] = ledger.try_start(job, "r", when=others)
        for _ in range(20):
            ledger.record(f"{job}.x", "RUNNING")

    threads = [threading.Thread(target=race, args=(job,)) for job in jobs]
    for thread in threads:
        thread.start()
    # A follower that keeps only its position must meet every event (ids in order of commits).
    position = 0
    while any(thread.is_alive() for thread in threads) or world.ledger.last_event() > position:
        for event in world.ledger.events(position):
            seen.append(event.id)
            position = event.id
    for thread in threads:
        thread.join()
    assert sorted(answers.values()).count("started") == 1
    assert seen == [event.id for event in world.ledger.events(0, 10_000)]


def test_a_broken_transaction_rolls_back_and_the_connection_lives(world: World) -> None:
    with pytest.raises(RuntimeError, match="boom"), world.ledger.writing() as book:
        book.put(book.known("X"), "SUCCESS")
        raise RuntimeError("boom")
    assert world.of("X") is None
    world.ledger.record("X", "FAILURE")
    assert world.of("X") == "FAILURE"

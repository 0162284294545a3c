"""The pod executor: the manifest, and the client library's own objects as a recorded cluster."""

from __future__ import annotations

import subprocess
from types import SimpleNamespace

import pytest

from hoist_airflow.executors.base import Launch, StartFailed

kubernetes = pytest.importorskip("kubernetes", reason="needs the extra kubernetes")

from kubernetes import client  # noqa: E402

from hoist_airflow.executors.kubernetes import KubernetesExecutor, literal, pod_manifest  # noqa: E402


class Cluster:
    """A core API that tells the given pod states, one per read."""

    def __init__(self, states, log: bytes = b"") -> None:
        self.states = list(states)
        self.log = log
        self.created: list[dict] = []
        self.deleted: list[int] = []

    def create_namespaced_pod(self, namespace, body):
        self.created.append(client.ApiClient().sanitize_for_serialization(body))

    def read_namespaced_pod(self, name, namespace):
        phase, state = self.states.pop(0) if len(self.states) > 1 else self.states[0]
        if phase == "Gone":
            raise client.ApiException(status=404)
        statuses = None
        if state is not None:
            statuses = [
                client.V1ContainerStatus(
                    name="job", image="i", image_id="i", ready=True, restart_count=0, state=state
                )
            ]
        return client.V1Pod(
            status=client.V1PodStatus(phase=phase, container_statuses=statuses, reason="Evicted")
        )

    def read_namespaced_pod_log(self, **kwargs):
        nonce = self.created[0]["spec"]["containers"][0]["args"][0].split("hoist-")[1].split()[0]
        whole = f"hoist-{nonce} 1 1\n".encode() + self.log
        return SimpleNamespace(stream=lambda **kwargs: [whole[:7], whole[7:]])

    def delete_namespaced_pod(self, name, namespace, grace_period_seconds):
        self.deleted.append(grace_period_seconds)


def state(code: int, **kwargs):
    return client.V1ContainerState(
        terminated=client.V1ContainerStateTerminated(exit_code=code, **kwargs)
    )


RUNNING = ("Running", client.V1ContainerState(running=client.V1ContainerStateRunning()))


def executor(states, log=b"", **extra):
    cluster = Cluster(states, log)
    hook = SimpleNamespace(
        core_v1_client=cluster,
        conn_extras={"hoist_image": "bank/etl:1", **extra},
        get_namespace=lambda: "night",
    )
    return KubernetesExecutor("k8s", hook=hook), cluster


def test_output_and_exit_code(to_end):
    pod, cluster = executor([("Pending", None), RUNNING, ("Failed", state(99))], b"hello\n")
    ended, output = to_end(pod, Launch(job="EOD#Load.1", command="x"))
    assert (ended.exit_code, output) == (99, b"hello\n")
    made = cluster.created[0]
    assert made["metadata"]["namespace"] == "night"
    assert made["metadata"]["name"].startswith("hoist-eod-load-1-")
    assert made["spec"]["restartPolicy"] == "Never"
    assert cluster.deleted == [0]


@pytest.mark.parametrize(
    "end", [state(137, reason="OOMKilled"), state(143, signal=15), None], ids=str
)
def test_signals_are_told_apart_where_the_cluster_does(to_end, end):
    ended, _ = to_end(executor([("Failed", end)])[0], Launch(job="J", command="x"))
    assert ended.signal and ended.exit_code is None


def test_exit_137_is_a_code(to_end):
    ended, _ = to_end(executor([("Failed", state(137, reason="Error"))])[0], Launch("J", "x"))
    assert ended.exit_code == 137


def test_kill_deletes_the_pod():
    pod, cluster = executor([RUNNING, ("Gone", None)])
    with pod:
        pod.start(Launch(job="J", command="x"))
        assert pod.poll(0) is None
        pod.kill(force=False)
        ended = pod.poll(0)
    assert ended is not None and ended.signal
    assert cluster.deleted == [10]


def test_pod_deleted_by_somebody_is_no_outcome():
    pod, _ = executor([("Gone", None)])
    pod.start(Launch(job="J", command="x"))
    with pytest.raises(StartFailed, match="outcome is unknown"):
        pod.poll(0)


def test_image_that_cannot_be_pulled_is_a_failed_start():
    waiting = client.V1ContainerState(
        waiting=client.V1ContainerStateWaiting(reason="ImagePullBackOff", message="no such image")
    )
    pod, cluster = executor([("Pending", waiting)])
    pod.start(Launch(job="J", command="x"))
    with pytest.raises(StartFailed, match="ImagePullBackOff no such image"):
        pod.poll(0)
    assert cluster.deleted == [0]


def kubelet(text: str) -> str:
    """What the kubelet makes of an argument: `$$` is `$`, `$(NAME)` a variable."""
    out, at = "", 0
    while at < len(text):
        if text.startswith("$$", at):
            out, at = out + "$", at + 2
        elif text.startswith("$(", at):
            raise AssertionError("the kubelet would expand a variable")
        else:
            out, at = out + text[at], at + 1
    return out


def test_command_survives_the_kubelet_and_the_shell():
    """`$(HOME)`, `$$` and quotes are the command's own; shown by running the very script."""
    text = "printf %s '$(HOME) $$ $HOME \"x\" {{ y }} caf\u00e9'"
    pod = pod_manifest(Launch(job="J", command=text), "n", "d", {"hoist_image": "i"})
    container = pod["spec"]["containers"][0]
    script = kubelet(container["args"][0])
    done = subprocess.run([*container["command"], script], capture_output=True, check=True)
    assert done.stdout.split(b"\n", 1)[1] == '$(HOME) $$ $HOME "x" {{ y }} caf\u00e9'.encode()
    assert literal("$") == "$$"


def test_owner_needs_a_uid():
    launch = Launch(job="J", command="x", user="svc")
    with pytest.raises(StartFailed, match="no uid for 'svc'"):
        pod_manifest(launch, "n", "d", {"hoist_image": "i"})
    pod = pod_manifest(launch, "n", "d", {"hoist_image": "i", "hoist_users": {"svc": 1001}})
    assert pod["spec"]["containers"][0]["securityContext"] == {"runAsUser": 1001}


def test_image_is_the_sites_knowledge():
    with pytest.raises(StartFailed, match="hoist_image"):
        pod_manifest(Launch(job="J", command="x"), "n", "d", {})


def test_site_manifest_is_kept():
    base = {"spec": {"tolerations": [{"key": "t"}], "containers": [{"name": "sidecar"}]}}
    pod = pod_manifest(Launch("J", "x"), "n", "d", {"hoist_image": "i", "hoist_pod": base})
    assert pod["spec"]["tolerations"] == [{"key": "t"}]
    assert [each["name"] for each in pod["spec"]["containers"]] == ["job", "sidecar"]
    assert base["spec"]["containers"] == [{"name": "sidecar"}]

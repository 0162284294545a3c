"""Commands as pods: the start script as the one argument of `/bin/sh -c` in a container.

The Airflow connection (type kubernetes) names the cluster; its extra fields `hoist_image`
(required), `hoist_service_account`, `hoist_users` (legacy user -> numeric uid) and `hoist_pod` (a
pod manifest to start from: resources, volumes, tolerations) say what a job of it looks like.
"""

from __future__ import annotations

import copy
import queue
import re
import threading
import time
import uuid
from collections.abc import Mapping
from typing import Any

from hoist_airflow.executors.base import Ended, Executor, Launch, StartFailed, missing_extra
from hoist_airflow.executors.posix import MarkerFilter, start_script

_CONTAINER = "job"
_PULL_FAILED = frozenset({"ErrImagePull", "ImagePullBackOff"})
_NEVER = frozenset(
    {"InvalidImageName", "CreateContainerConfigError", "CreateContainerError", "RunContainerError"}
)


def literal(text: str) -> str:
    """`text` as the kubelet hands it on unchanged: it reads `$(NAME)` and `$$` in arguments."""
    return text.replace("$", "$$")


def pod_manifest(
    launch: Launch, nonce: str, namespace: str, extra: Mapping[str, Any]
) -> dict[str, Any]:
    """The pod that runs `launch`; raises `StartFailed` for what the connection leaves open."""
    image = extra.get("hoist_image")
    if not image:
        raise StartFailed("the connection's extra field `hoist_image` names no image", again=False)
    pod: dict[str, Any] = copy.deepcopy(dict(extra.get("hoist_pod") or {}))
    pod |= {"apiVersion": "v1", "kind": "Pod"}
    metadata = pod.setdefault("metadata", {})
    slug = re.sub(r"[^a-z0-9]+", "-", launch.job.lower()).strip("-")[:40].strip("-")
    metadata["name"] = f"hoist-{slug}-{nonce[:12]}".replace("--", "-")
    metadata["namespace"] = namespace
    metadata.setdefault("labels", {})["app.kubernetes.io/managed-by"] = "hoist"
    metadata.setdefault("annotations", {})["hoist/job"] = launch.job
    spec = pod.setdefault("spec", {})
    spec["restartPolicy"] = "Never"
    if extra.get("hoist_service_account"):
        spec["serviceAccountName"] = extra["hoist_service_account"]
    try:
        script = start_script(launch, nonce).decode("utf-8")
    except UnicodeDecodeError as error:
        raise StartFailed("a pod's command must be UTF-8 text", again=False) from error
    containers = spec.setdefault("containers", [])
    container = next((each for each in containers if each.get("name") == _CONTAINER), None)
    if container is None:
        container = {"name": _CONTAINER}
        containers.insert(0, container)
    container |= {"image": image, "command": ["/bin/sh", "-c"], "args": [literal(script)]}
    if launch.user:
        uid = (extra.get("hoist_users") or {}).get(launch.user)
        if uid is None:
            raise StartFailed(
                f"the connection's extra field `hoist_users` gives no uid for {launch.user!r}",
                again=False,
            )
        container.setdefault("securityContext", {})["runAsUser"] = int(uid)
    return pod


class KubernetesExecutor(Executor):
    """One command as one pod of the cluster of the Airflow connection `machine`."""

    def __init__(self, machine: str, *, hook: Any = None) -> None:
        """`hook` stands in for the provider's `KubernetesHook`."""
        self._machine = machine
        self._hook = hook
        self._api: Any = None
        self._name = ""
        self._namespace = ""
        self._filter = MarkerFilter("")
        self._chunks: queue.SimpleQueue[bytes] = queue.SimpleQueue()
        self._follower: threading.Thread | None = None
        self._ended: Ended | None = None
        self._killed = False

    def start(self, launch: Launch) -> str:
        """Create the pod; see `Executor.start`."""
        self._connect()
        extra = self._extra()
        self._namespace = str(self._hook.get_namespace() or "default")
        nonce = uuid.uuid4().hex
        self._filter = MarkerFilter(nonce)
        manifest = pod_manifest(launch, nonce, self._namespace, extra)
        try:
            self._api = self._hook.core_v1_client
            self._api.create_namespaced_pod(namespace=self._namespace, body=manifest)
        except Exception as error:
            raise StartFailed(f"cannot create a pod on {self._machine!r}: {error}") from error
        self._name = manifest["metadata"]["name"]
        return f"as pod {self._namespace}/{self._name}"

    def _connect(self) -> None:
        if self._hook is not None:
            return
        try:
            from airflow.providers.cncf.kubernetes.hooks.kubernetes import KubernetesHook
        except ImportError as error:
            raise missing_extra("kubernetes", self._machine, error) from error
        self._hook = KubernetesHook(conn_id=self._machine)

    def _extra(self) -> dict[str, Any]:
        return dict(getattr(self._hook, "conn_extras", None) or {})

    def poll(self, seconds: float) -> Ended | None:
        """See `Executor.poll`."""
        if self._ended is not None:
            return self._ended
        try:
            pod = self._api.read_namespaced_pod(name=self._name, namespace=self._namespace)
        except Exception as error:
            if getattr(error, "status", None) == 404:
                return self._gone()
            # The API server is away, the pod is not: ask again.
            time.sleep(seconds)
            return None
        ended = self._judge(pod)
        if ended is None:
            if pod.status.phase == "Running":
                self._follow()
            time.sleep(seconds)
            return None
        self._follow()
        assert self._follower is not None
        self._follower.join(timeout=10)
        self._ended = ended
        return ended

    def _gone(self) -> Ended:
        if self._killed:
            return Ended(signal="SIGKILL")
        raise StartFailed(
            f"pod {self._name} was deleted while the command ran: its outcome is unknown",
            again=False,
        )

    def _judge(self, pod: Any) -> Ended | None:
        statuses = pod.status.container_statuses or []
        state = next((each.state for each in statuses if each.name == _CONTAINER), None)
        if state is not None and state.terminated is not None:
            return self._terminated(state.terminated)
        if state is not None and state.waiting is not None:
            self._check_waiting(state.waiting)
        if pod.status.phase == "Failed":  # evicted, or its node was lost
            return Ended(signal=str(pod.status.reason or "the node"))
        return None

    def _terminated(self, end: Any) -> Ended:
        """A signal, as far as the container runtime tells one from an exit code above 128."""
        if self._killed or end.reason == "OOMKilled":
            return Ended(signal=end.reason or "SIGKILL")
        if end.signal:
            return Ended(signal=f"signal {end.signal}")
        return Ended(exit_code=int(end.exit_code))

    def _check_waiting(self, waiting: Any) -> None:
        if waiting.reason in _PULL_FAILED or waiting.reason in _NEVER:
            self._delete(grace=0)
            raise StartFailed(
                f"pod {self._name} does not start: {waiting.reason} {waiting.message or ''}",
                again=False,
            )

    def _follow(self) -> None:
        """Stream the container's log from a thread of its own."""
        if self._follower is not None:
            return
        self._follower = threading.Thread(target=self._stream, name="hoist-pod-log", daemon=True)
        self._follower.start()

    def _stream(self) -> None:
        try:
            response = self._api.read_namespaced_pod_log(
                name=self._name,
                namespace=self._namespace,
                container=_CONTAINER,
                follow=True,
                _preload_content=False,
            )
            for chunk in response.stream(amt=1 << 16, decode_content=True):
                self._chunks.put(chunk)
        except Exception as error:
            self._chunks.put(f"\n[the pod's log ends here: {error}]\n".encode())

    def read(self) -> bytes:
        """See `Executor.read`."""
        output = b""
        while not self._chunks.empty():
            output += self._filter.feed(self._chunks.get())
        if self._ended is not None:
            output += self._filter.rest()
        return output

    def kill(self, *, force: bool) -> None:
        """Delete the pod: the kubelet signals its process, and kills what does not end."""
        self._killed = True
        self._delete(grace=0 if force else 10)

    def _delete(self, *, grace: int) -> None:
        try:
            self._api.delete_namespaced_pod(
                name=self._name, namespace=self._namespace, grace_period_seconds=grace
            )
        except Exception as error:
            if getattr(error, "status", None) != 404:
                raise StartFailed(
                    f"cannot delete pod {self._name}: {error}", again=False
                ) from error

    def close(self) -> None:
        """Remove a pod that has ended; a running one is left as it is."""
        if self._ended is not None and not self._killed:
            self._delete(grace=0)

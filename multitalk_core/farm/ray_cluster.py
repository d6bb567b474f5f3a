"""Ray, as a farm uses it: a cluster that runs, or one of its own that ends with it."""

import logging
import os
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from ..errors import MultiTalkError, quoted

OBJECT_BYTES = 100_000_000  # of Ray's object store: a farm's messages are small
ANSWER_SECONDS = 10
LOCALHOST = "127.0.0.1"


@dataclass(frozen=True)
class RayCluster:
    """A cluster that this process is connected to.

    Attributes
    ----------
    dashboard : str
        The address of its page; empty without one.
    """

    dashboard: str

    @property
    def gpus(self) -> int:
        """GPUs of all machines that are there now."""
        import ray

        return int(ray.cluster_resources().get("GPU", 0))


@contextmanager
def connected(address: str | None, *, servers: int, dashboard: bool) -> Iterator[RayCluster]:
    """Connect to a cluster inside the context; afterwards all that the farm started there ends.

    Parameters
    ----------
    address : str or None
        Of a cluster that runs, or "auto" for the one of this machine; None starts one.
    servers : int
        That a cluster of its own has room for, at least.
    dashboard : bool
        Whether a cluster of its own has Ray's dashboard, for this machine alone.

    Raises
    ------
    MultiTalkError
        When Ray or websocket-client is not installed, or there is no such cluster.
    """
    os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")  # films are nobody else's business
    os.environ.setdefault("RAY_ACCEL_ENV_VAR_OVERRIDE_ON_ZERO", "0")
    try:
        import ray
        import websocket  # noqa: F401  # the servers' actors need it
    except ImportError as error:
        raise MultiTalkError(
            "Ray is not installed, or websocket-client is not: pip install 'ray[default]' websocket-client "
            "(or this pack with [farm])."
        ) from error
    if address is not None:
        _check_answers(address)
    quiet = {"log_to_driver": False, "logging_level": logging.ERROR}
    try:
        if address is not None:
            context = ray.init(address=address, **quiet)
        else:
            context = ray.init(
                address="local",
                num_cpus=max(servers, os.cpu_count() or 1),
                include_dashboard=dashboard,
                dashboard_host=LOCALHOST,
                object_store_memory=OBJECT_BYTES,
                **quiet,
            )
    except SystemExit:  # Ray's own handler for SIGTERM
        raise KeyboardInterrupt from None
    except Exception as error:  # Ray raises bare ones too
        raise (_not_started(error) if address is None else _not_joined(error, address)) from error
    try:
        yield RayCluster(context.dashboard_url or "")
    finally:
        ray.shutdown()


def _check_answers(address: str) -> None:
    """Try HOST:PORT: Ray itself waits for minutes."""
    host, colon, port = address.rpartition(":")
    if not (colon and port.isdecimal()) or "://" in address:
        return
    try:
        socket.create_connection((host.strip("[]"), int(port)), ANSWER_SECONDS).close()
    except (OSError, OverflowError) as error:
        raise _unreachable(f"{address}: {error}") from error


def _unreachable(why: str) -> MultiTalkError:
    return MultiTalkError(
        f"Ray cannot be reached ({quoted(why)}): start it with `ray start --head`, or leave --cluster out."
    )


def _not_joined(error: Exception, address: str) -> MultiTalkError:
    why = _first_line(error)
    if isinstance(error, ConnectionError):
        return _unreachable(why)
    return MultiTalkError(
        f"Ray cannot join the cluster {quoted(address)} ({quoted(why)}): look whether `ray status` works "
        "and whether Ray, Python and the token are those of the cluster."
    )


def _not_started(error: Exception) -> MultiTalkError:
    why = _first_line(error)
    if "timed out" in why.lower():
        advice = "run the same command again when the machine is less busy"
    else:
        place = Path(os.environ.get("RAY_TMPDIR", "/tmp")) / "ray"
        advice = f"look whether {place} has room and may be written to, and into its session_latest/logs"
    return MultiTalkError(f"Ray does not start on this machine ({quoted(why)}): {advice}.")


def _first_line(error: Exception) -> str:
    return (str(error).strip() or repr(error)).splitlines()[0]

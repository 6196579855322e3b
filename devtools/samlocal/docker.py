"""What `sam local` needs of Docker: a running daemon, Lambda's base image, and a way from containers to here."""

import contextlib
import gc
import os
import socket
import warnings
from collections.abc import Iterator
from ipaddress import ip_network
from pathlib import Path
from typing import Any, cast

import docker
from docker import DockerClient
from docker.errors import APIError, DockerException, ImageNotFound
from docker.models.containers import Container
from requests.exceptions import RequestException

from devtools.emulator import ADDRESS, Reach
from devtools.errors import LaptopError
from devtools.local import RUNTIME, architecture

REPOSITORY = "public.ecr.aws/lambda/python"
TAG = f"{RUNTIME.removeprefix('python')}-{architecture()}"
ANY_ADDRESS = "0.0.0.0"  # noqa: S104 - only where Docker leaves no other way, see `reach`
DESKTOP_NAME = "host.docker.internal"
SAM_LABEL = "sam.cli.container.type=lambda"


class NoDockerError(LaptopError):
    """Containers can't run here."""

    exit_code = os.EX_UNAVAILABLE


@contextlib.contextmanager
def daemon() -> Iterator[DockerClient]:
    """Talk to the Docker daemon.

    Raises:
        NoDockerError: None answers.
    """
    client = _client()
    if client is None:
        raise NoDockerError("`sam local` runs the functions in Docker, and no Docker daemon is running here.")
    try:
        yield client
    finally:
        cast("Any", client).close()


def _client() -> DockerClient | None:
    # If a daemon left its socket behind, the SDK leaves a connection to it open, and warns about that later.
    with warnings.catch_warnings(action="ignore", category=ResourceWarning):
        with contextlib.suppress(DockerException):
            return docker.from_env()
        gc.collect()
    return None


def require_image(client: DockerClient) -> None:
    """Make sure that Lambda's base image is here, and pull it if necessary.

    Raises:
        NoDockerError: Neither.
    """
    with contextlib.suppress(ImageNotFound):
        client.images.get(f"{REPOSITORY}:{TAG}")
        return
    try:
        client.images.pull(REPOSITORY, tag=TAG)
    except (DockerException, RequestException) as error:
        raise NoDockerError(f"Docker has no image {REPOSITORY}:{TAG}, and it can't be pulled from here.") from error


def reach(client: DockerClient) -> Reach:
    """Return how containers of the default network reach a program on this machine.

    That is the bridge's own address where Docker runs on this machine: containers and the machine itself can
    connect to it, and nobody else. Docker Desktop and rootless Docker have their bridge elsewhere, so there
    the program has to listen on all addresses.
    """
    bridge = _gateway(client.networks.get("bridge").attrs)
    if bridge and _is_ours(bridge):
        return Reach(bridge, bridge, bridge)
    return Reach(ANY_ADDRESS, ADDRESS, DESKTOP_NAME)


def reach_with_image() -> Reach:
    """Return how containers reach this machine, once Lambda's base image is here.

    Raises:
        NoDockerError: No container can be run here.
    """
    with daemon() as client:
        require_image(client)
        return reach(client)


def containers(client: DockerClient, mounting: Path) -> list[Container]:
    """Return the containers of `sam local` that have a folder from below this one, running or not.

    Another checkout's are not among them, nor are those of a developer's own `sam local`.
    """
    every = client.containers.list(all=True, filters={"label": SAM_LABEL}, ignore_removed=True)
    return [it for it in every if any(source.is_relative_to(mounting) for source in _sources(it))]


def remove_containers(client: DockerClient, mounting: Path) -> None:
    """Remove containers that `sam local` left behind and that mount a folder below this one."""
    for container in containers(client, mounting):
        with contextlib.suppress(APIError):  # it is about to go by itself
            container.remove(force=True)


def _sources(container: Container) -> list[Path]:
    return [Path(mount.get("Source", "")) for mount in cast("Any", container).attrs["Mounts"]]


def _gateway(network: dict[str, Any]) -> str | None:
    for pool in network["IPAM"]["Config"] or []:
        subnet = ip_network(pool["Subnet"])
        if subnet.version == 4:  # noqa: PLR2004 - the version's own name
            return str(pool.get("Gateway") or subnet[1])
    return None


def _is_ours(address: str) -> bool:
    with socket.socket() as probe:
        try:
            probe.bind((address, 0))
        except OSError:
            return False
    return True

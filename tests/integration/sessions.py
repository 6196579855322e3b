"""pytest-localstack's two kinds of session: on an emulator that runs, or in a container that is started for it.

`pytest --aws=localstack` chooses the container for the whole suite; the tests and their fixtures are the same. What
its functions ask of AWS can't be led through the fault proxies, so the tests of faults are skipped there.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from docker import DockerClient
from docker.errors import DockerException, ImageNotFound
from pytest_localstack import constants
from pytest_localstack.session import LocalstackSession, RunningSession
from requests.exceptions import RequestException

from devtools.local import REGION
from devtools.samlocal.docker import NoDockerError, daemon

CLIENTS = (
    *("cloudformation", "dynamodb", "dynamodbstreams", "iam", "lambda", "logs", "secretsmanager", "sns", "sqs", "sts"),
)
IMAGE = f"{LocalstackSession.image_name}:{constants.DEFAULT_LOCALSTACK_VERSION}"
PORT = 4566  # inside the container; outside it is any that is free
SOCKET = Path("/var/run/docker.sock")
START_SECONDS = 120
# What the sessions sign with. An emulator that is started with it takes it for the account's root user.
ROOT_USER = {
    "AWS_ACCESS_KEY_ID": constants.DEFAULT_AWS_ACCESS_KEY_ID,
    "AWS_SECRET_ACCESS_KEY": constants.DEFAULT_AWS_SECRET_ACCESS_KEY,
}


@contextmanager
def running_session(address: str, port: int) -> Iterator[RunningSession]:
    """Connect to an emulator that runs."""
    with RunningSession(address, services=dict.fromkeys(CLIENTS, port), region_name=REGION) as session:
        yield session


@contextmanager
def container_session(image: str) -> Iterator[RunningSession]:
    """Run an emulator in a container for as long as the block lasts.

    Raises:
        NoDockerError: No Docker daemon answers, or it can't have the image.
    """
    with daemon() as client:
        _require(client, image)
        name, _, version = image.rpartition(":")
        session = LocalstackSession(
            _WithSocket(client),
            services=dict.fromkeys(CLIENTS, PORT),
            region_name=REGION,
            localstack_version=version,
            pull_image=False,
            container_env={"SERVICES": ""},  # all that there are: the stack needs more than the tests ask
        )
        session.image_name = name
        session.start(timeout=START_SECONDS)
        try:
            yield session
        finally:
            session.stop()


def _require(client: DockerClient, image: str) -> None:
    try:
        client.images.get(image)
    except ImageNotFound:
        try:
            client.images.pull(image)
        except (DockerException, RequestException) as error:
            raise NoDockerError(f"Docker has no image {image}, and it can't be pulled from here.") from error


class _WithSocket:
    """A Docker client whose containers get the daemon's socket: LocalStack runs each function in one of its own."""

    def __init__(self, client: DockerClient) -> None:
        self._client = client

    def __getattr__(self, name: str) -> Any:
        return getattr(self._client, name)

    @property
    def containers(self) -> "_WithSocket":
        """What `run` is asked of."""
        return self

    def run(self, image: str, **options: Any) -> Any:
        """Run a container."""
        volumes = {str(SOCKET): {"bind": str(SOCKET), "mode": "rw"}} if SOCKET.exists() else {}
        return self._client.containers.run(image, volumes=volumes, **options)

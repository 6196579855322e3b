"""pytest-localstack's two kinds of session: on a running emulator, or in a container that it starts.

`pytest --aws=localstack` selects the container for the whole suite; the tests and their fixtures are the same. Its
functions can't use the fault proxies, so the tests of faults are skipped.
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
PORT = 4566  # inside the container; outside, any free port
SOCKET = Path("/var/run/docker.sock")
START_SECONDS = 120
# The sessions' credentials. An emulator started with them treats them as the account's root user.
ROOT_USER = {
    "AWS_ACCESS_KEY_ID": constants.DEFAULT_AWS_ACCESS_KEY_ID,
    "AWS_SECRET_ACCESS_KEY": constants.DEFAULT_AWS_SECRET_ACCESS_KEY,
}


@contextmanager
def running_session(address: str, port: int) -> Iterator[RunningSession]:
    """Connect to a running emulator."""
    with RunningSession(address, services=dict.fromkeys(CLIENTS, port), region_name=REGION) as session:
        yield session


@contextmanager
def container_session(image: str) -> Iterator[RunningSession]:
    """Run an emulator in a container for as long as the block lasts.

    Raises:
        NoDockerError: No Docker daemon responds, or it can't get the image.
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
            container_env={"SERVICES": ""},  # all of them: the stack needs more services than the tests call
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
    """A Docker client whose containers get the daemon's socket: LocalStack runs each function in its own container."""

    def __init__(self, client: DockerClient) -> None:
        self._client = client

    def __getattr__(self, name: str) -> Any:
        return getattr(self._client, name)

    @property
    def containers(self) -> "_WithSocket":
        """The object that provides `run`."""
        return self

    def run(self, image: str, **options: Any) -> Any:
        """Run a container."""
        volumes = {str(SOCKET): {"bind": str(SOCKET), "mode": "rw"}} if SOCKET.exists() else {}
        return self._client.containers.run(image, volumes=volumes, **options)

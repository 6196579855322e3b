"""The table item of an import."""

from hookswitch.reconcile.importing.job import Job
from hookswitch.reconcile.state_item import ConditionFailedError, StateItem

KEY = "state-import"


class OvertakenError(Exception):
    """Another invocation has come further with the import."""


class JobStorage:
    """The item that has the last import. It is written only over what was read, so that one invocation gets ahead."""

    def __init__(self, table: str) -> None:
        """Use the item of a table."""
        self._item = StateItem(table, KEY, "the import")
        self._revision = 0

    def read(self) -> Job | None:
        """Return the last import; None before the first one.

        Raises:
            StorageUnavailableError: DynamoDB did not answer.
        """
        item = self._item.read()
        if not item:
            return None
        self._revision = int(item["revision"]["N"])
        return Job.model_validate_json(item["progress"]["S"])

    def write(self, job: Job) -> None:
        """Write the import.

        Raises:
            OvertakenError: Another invocation has written it since it was read.
            StorageUnavailableError: DynamoDB did not accept it.
        """
        try:
            self._item.write(
                {"progress": {"S": job.model_dump_json()}, "revision": {"N": str(self._revision + 1)}},
                "attribute_not_exists(revision) OR revision = :before",
                {"before": {"N": str(self._revision)}},
            )
        except ConditionFailedError as error:
            raise OvertakenError from error
        self._revision += 1

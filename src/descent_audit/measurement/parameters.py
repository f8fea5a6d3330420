"""What an experiment says of a parameter that no schema can rule out, since it depends on another one."""


class OutOfRange(ValueError):
    """A parameter that does not fit the others: its key, what was found and what is allowed."""

    def __init__(self, key: str, found: object, allowed: str) -> None:
        """Keep the three parts: the caller words the line."""
        super().__init__(f"{key}: found {found}, allowed: {allowed}")
        self.key, self.found, self.allowed = key, str(found), allowed


def check_batch_sizes(key: str, batch_sizes: list[int], samples: int) -> None:
    """Raise ``OutOfRange`` for a batch that is empty or larger than the data it is drawn from."""
    for batch_size in batch_sizes:
        if not 1 <= batch_size <= samples:
            raise OutOfRange(key, batch_size, f"1 to {samples}, the number of samples")

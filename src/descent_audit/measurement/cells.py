"""What a stochastic experiment draws, in blocks, apart from what follows from it.

Such an experiment returns a ``Sampling``: its cells, each with a function that draws one block, and a function from
the tallies of all cells to the report. Who draws which block, where and in what order, is none of its business.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from numpy.random import Generator

from descent_audit.measurement.observations import Observations
from descent_audit.measurement.randomness import Streams
from descent_audit.measurement.tallies import Tally, merged


@dataclass(frozen=True)
class Cell:
    """One parameter cell: ``replicates`` independent ones in blocks of ``block_size``, the last one the rest.

    ``draw(generator, count)`` returns the tally of ``count`` replicates. The size of a block belongs to the definition
    of the experiment: it decides which numbers are drawn together.
    """

    name: str
    replicates: int
    block_size: int
    draw: Callable[[Generator, int], Tally]

    @property
    def blocks(self) -> int:
        """The number of blocks, at least one."""
        return max(1, -(-self.replicates // self.block_size))

    def block(self, streams: Streams, index: int) -> Tally:
        """Return the tally of one block, drawn from its own stream."""
        count = min(self.block_size, self.replicates - index * self.block_size)
        return self.draw(streams.generator(self.name, index), count)


@dataclass(frozen=True)
class Sampling:
    """The cells of an experiment, and its report as a function of their tallies by name."""

    cells: Sequence[Cell]
    report: Callable[[Mapping[str, Tally]], Observations]

    def whole(self, streams: Streams) -> Observations:
        """Draw every block of every cell and return the report. Raises ``ValueError`` where a replicate is lost."""
        found = {cell.name: merged(cell.block(streams, index) for index in range(cell.blocks)) for cell in self.cells}
        for cell in self.cells:
            if found[cell.name].replicates != cell.replicates:
                raise ValueError(f"{cell.name}: found {found[cell.name].replicates} of {cell.replicates} replicates")
        return self.report(found)

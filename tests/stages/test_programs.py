"""How programs of the package end."""

import pytest

from descent_audit.claims.validation import fault
from descent_audit.records.storage import StorageError
from descent_audit.stages.programs import program


@pytest.mark.parametrize("error", [StorageError("a.csv: cannot be read"), fault("a.yaml", "", "nothing", "something")])
def test_fault_is_one_line_and_exit_code_1(error):
    @program
    def main(arguments):
        raise error

    with pytest.raises(SystemExit) as ended:
        main([])
    assert ended.value.code == str(error)


def test_other_errors_are_not_hidden():
    @program
    def main(arguments):
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        main()


def test_program_gets_its_arguments_and_keeps_its_name():
    seen = []

    @program
    def main(arguments):
        """Keep them."""
        seen.append(arguments)

    main(["--one"])
    main()
    assert seen == [["--one"], None]
    assert (main.__name__, main.__doc__) == ("main", "Keep them.")

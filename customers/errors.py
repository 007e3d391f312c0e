"""What can go wrong with the customer file. The ids are part of the API: do not rename them."""


class CustomersError(Exception):
    id = "customers-error"


class ImportInvalid(CustomersError):
    """The file was refused as a whole; `problems` are lines a person can act on."""

    id = "customer-import-invalid"

    def __init__(self, problems: list[str]) -> None:
        super().__init__("\n".join(problems))
        self.problems = problems

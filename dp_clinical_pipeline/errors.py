"""The exceptions that a user sees as a single line."""


class UserError(Exception):
    """Something the user can put right: says what is wrong and what to do next.

    The message must hold no report text, identifier or private count: it reaches logs and Dagster's event storage.
    """


class FailedStep(Exception):
    """A step failed for a reason that the user cannot put right; names it, and the enclave's file with the traceback."""

"""A step that failed for a reason that the user cannot put right."""


class FailedStep(Exception):
    """Names the step, the exception's type, and the file in the enclave that holds its traceback."""

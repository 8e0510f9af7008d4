"""The one error of the lab."""


class LabError(Exception):
    """Something that the lab wanted did not happen; the text says what and where to look."""

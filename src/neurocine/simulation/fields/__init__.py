"""Fields of view from real mean images with people's masks; the images are the user's own."""

from neurocine.simulation.fields.anatomy import field_anatomy
from neurocine.simulation.fields.files import RealField, read_fields, write_fields

__all__ = ["RealField", "field_anatomy", "read_fields", "write_fields"]

"""What all models of the spec have in common."""

from __future__ import annotations

from typing import Any, cast

from pydantic import BaseModel, ConfigDict, model_validator


class Model(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, use_attribute_docstrings=True)

    @model_validator(mode="before")
    @classmethod
    def _leave_out_empty(cls, data: object) -> object:
        """A known key without a value is as if it was not written: `racks:` with everything below commented out."""
        if not isinstance(data, dict) or None not in data.values():
            return cast("object", data)
        known = cls.model_fields
        return {
            key: value for key, value in cast("dict[str, Any]", data).items() if value is not None or key not in known
        }

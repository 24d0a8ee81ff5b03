"""Glance: an image, its data stored and read back."""

from __future__ import annotations

import os

from fournines.verify import NAME, Client, Trip
from fournines.verify.client import want

_BYTES = 64 * 1024


class Glance(Trip):
    name = "glance"

    def clean(self, at: Client) -> None:
        for image in at.sdk.image.images(name=NAME):
            at.sdk.image.delete_image(image)

    def go(self, at: Client) -> str:
        images, data = at.sdk.image, os.urandom(_BYTES)
        made = images.create_image(
            NAME, data=data, disk_format="raw", container_format="bare", visibility="private", allow_duplicates=True
        )
        want(images.get_image(made.id).status == "active", "an image with data is not active")
        want(images.download_image(made.id).content == data, "other data than was stored")
        images.delete_image(made.id, ignore_missing=False)
        want(not list(images.images(name=NAME)), "a deleted image is still there")
        return f"an image, {_BYTES // 1024} KiB stored and read back"

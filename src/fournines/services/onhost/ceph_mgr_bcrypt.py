"""Stands in for bcrypt inside Ceph's managers, where the real one cannot be loaded."""


def gensalt(*_: object, **__: object) -> bytes:
    raise NotImplementedError("bcrypt is not available inside ceph-mgr")


def hashpw(*_: object, **__: object) -> bytes:
    raise NotImplementedError("bcrypt is not available inside ceph-mgr")

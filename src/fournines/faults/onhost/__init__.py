"""Programs by which a host is injured: Python of Debian 12 and later, standard library alone.

They are sent as text; nothing here is imported by `nines` (tests import them).
"""

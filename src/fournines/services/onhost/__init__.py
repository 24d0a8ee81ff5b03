"""Programs that run on the hosts: Python of Debian 13, standard library and what their service installs.

They are sent as files; nothing here is imported by `nines` (tests import them).
"""

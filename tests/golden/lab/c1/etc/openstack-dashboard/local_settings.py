# See /etc/openstack-dashboard/local_settings.d/_9999_fournines.py.

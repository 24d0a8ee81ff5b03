SECRET_KEY = 'PASSWORD(horizon secret key)'
ALLOWED_HOSTS = ['10.71.0.10', '10.71.0.11', 'c1']
WEBROOT = '/'
SECURE_PROXY_SSL_HEADER = ('HTTP_X_FORWARDED_PROTO', 'https')
SESSION_COOKIE_SECURE = True
CSRF_COOKIE_SECURE = True
SESSION_ENGINE = 'django.contrib.sessions.backends.db'
SESSION_TIMEOUT = 3600
DATABASES = {'default': {'ENGINE': 'django.db.backends.mysql',
             'NAME': 'horizon',
             'USER': 'horizon',
             'PASSWORD': 'PASSWORD(database horizon)',
             'HOST': '127.0.0.1',
             'PORT': 3306,
             'CONN_MAX_AGE': 0,
             'OPTIONS': {'connect_timeout': 3, 'read_timeout': 10, 'write_timeout': 10}}}
CACHES = {'default': {'BACKEND': 'django.core.cache.backends.memcached.PyMemcacheCache',
             'LOCATION': '127.0.0.1:11211',
             'OPTIONS': {'ignore_exc': True, 'connect_timeout': 1, 'timeout': 1}}}
OPENSTACK_KEYSTONE_URL = 'https://10.71.0.10:5000/v3'
OPENSTACK_SSL_CACERT = '/etc/ssl/certs/ca-certificates.crt'
AVAILABLE_REGIONS = [('https://10.71.0.10:5000/v3', 'RegionOne')]
DEFAULT_SERVICE_REGIONS = {'*': 'RegionOne'}
TIME_ZONE = 'UTC'
SECURITY_GROUP_RULES = {'all_tcp': {'name': 'All TCP', 'ip_protocol': 'tcp', 'from_port': '1', 'to_port': '65535'},
 'all_udp': {'name': 'All UDP', 'ip_protocol': 'udp', 'from_port': '1', 'to_port': '65535'},
 'all_icmp': {'name': 'All ICMP', 'ip_protocol': 'icmp', 'from_port': '-1', 'to_port': '-1'},
 'ssh': {'name': 'SSH', 'ip_protocol': 'tcp', 'from_port': '22', 'to_port': '22'},
 'dns': {'name': 'DNS', 'ip_protocol': 'tcp', 'from_port': '53', 'to_port': '53'},
 'http': {'name': 'HTTP', 'ip_protocol': 'tcp', 'from_port': '80', 'to_port': '80'},
 'https': {'name': 'HTTPS', 'ip_protocol': 'tcp', 'from_port': '443', 'to_port': '443'},
 'smtp': {'name': 'SMTP', 'ip_protocol': 'tcp', 'from_port': '25', 'to_port': '25'},
 'mysql': {'name': 'MySQL', 'ip_protocol': 'tcp', 'from_port': '3306', 'to_port': '3306'},
 'rdp': {'name': 'RDP', 'ip_protocol': 'tcp', 'from_port': '3389', 'to_port': '3389'}}
LOGGING = {'version': 1,
 'disable_existing_loggers': False,
 'formatters': {'plain': {'format': '%(levelname)s %(name)s %(message)s'}},
 'handlers': {'console': {'class': 'logging.StreamHandler', 'formatter': 'plain'}},
 'root': {'handlers': ['console'], 'level': 'INFO'}}

import sys

# A migration waits for as long as a table takes.
if "migrate" in sys.argv:
    DATABASES["default"] = {**DATABASES["default"], "OPTIONS": {}}

"""fournines: declare, check, build, break and measure a highly available OpenStack private cloud."""

__version__ = "0.1.0"

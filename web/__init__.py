"""The aiohttp applications: the public port for citizens, the staff port for staff and metrics."""

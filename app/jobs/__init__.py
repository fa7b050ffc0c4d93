"""Jobs: the queue, the processes that compute, and their files."""

"""Jobs: the queue, the processes that work on them, and what they read and write."""

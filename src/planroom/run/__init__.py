"""Many analyses: in this process, and later as durable jobs and on more machines."""

"""What is done outside a request: fetching what others' servers hold, and work that would hold up the event loop."""

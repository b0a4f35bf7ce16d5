"""Files that people hand in: opened in a child process with limits, and kept only in a form that we know."""

"""The worker process: it does the long work that the web application was asked for. A face like ``cli`` and ``web``."""

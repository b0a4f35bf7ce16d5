"""The web application: one module a noun, its forms, then its views."""

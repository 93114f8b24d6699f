"""Hugging Face Spaces starts this file; on a computer of your own, `python -m demo` does the same."""

from demo.__main__ import prepare_environment, serve

if __name__ == "__main__":
    prepare_environment()
    serve()

"""`python -m app.jobs FOLDER`: the worker, with its secrets on standard input."""

from app.jobs.worker import main

if __name__ == "__main__":
    main()

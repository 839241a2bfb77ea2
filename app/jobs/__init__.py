"""Work that must survive the window: jobs in folders, each done by a process of its own."""

from app.jobs.job import STAGES, Job, JobState, Status

__all__ = ["STAGES", "Job", "JobState", "Status"]

"""`irisproof audit`: from public data alone, believing nobody. One module a check; `run` knows their order."""

from app.audit.findings import Broken, Stage
from app.audit.run import AuditRequest, AuditResult, run_audit

__all__ = ["AuditRequest", "AuditResult", "Broken", "Stage", "run_audit"]

"""How well the shipped pipeline and networks tell people apart: on a folder of pictures, or on synthetic eyes."""

from model.evaluation.dataset import EyeSet, read_folder, synthetic_set
from model.evaluation.differences import differences, is_of_the_same_pictures
from model.evaluation.page import render_page
from model.evaluation.report import Report, metrics_hash, read_report
from model.evaluation.run import EvaluationOptions, evaluate

__all__ = [
    "EvaluationOptions",
    "EyeSet",
    "Report",
    "differences",
    "evaluate",
    "is_of_the_same_pictures",
    "metrics_hash",
    "read_folder",
    "read_report",
    "render_page",
    "synthetic_set",
]

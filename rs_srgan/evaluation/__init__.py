"""Evaluation of models: metrics, and reports about whole sets of images.

>>> from rs_srgan.evaluation import evaluate, save_report
>>> report = evaluate("images", "sisr-x4-rgbn")                        # doctest: +SKIP
>>> report.mean["model"].psnr_db, save_report(report, "report")                # doctest: +SKIP
"""

from rs_srgan.evaluation.assessment import evaluate
from rs_srgan.evaluation.report.folder import save_report
from rs_srgan.evaluation.report.report import ImageScores, Report
from rs_srgan.figures.scores import Scores

__all__ = ["ImageScores", "Report", "Scores", "evaluate", "save_report"]

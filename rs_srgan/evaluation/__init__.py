"""How good is it: formulas and whole evaluations.

>>> from rs_srgan.evaluation import evaluate
>>> report = evaluate("images", "sisr-x4-rgbn")                        # doctest: +SKIP
>>> report.mean["model"].psnr_db, report.save("report")                # doctest: +SKIP
"""

from rs_srgan.evaluation.assessment import evaluate
from rs_srgan.evaluation.report import ImageScores, Report
from rs_srgan.evaluation.scores import Scores

__all__ = ["ImageScores", "Report", "Scores", "evaluate"]

"""Synthetic near-infrared eyes: test and demo material with ground truth, deterministic from seeds.

Accuracy figures measured on these eyes are figures about synthetic eyes and nothing else: the generator knows
radial fibres, crypts, a collarette, furrows, dilation, lids, lashes, reflections, gaze, blur and noise, but
not the diversity of people, cameras and illnesses.
"""

from model.synthetic.capture import CaptureConditions, CaptureTruth, Glints, SyntheticCapture, capture
from model.synthetic.eye import SyntheticEye, make_eye

__all__ = [
    "CaptureConditions",
    "CaptureTruth",
    "Glints",
    "SyntheticCapture",
    "SyntheticEye",
    "capture",
    "make_eye",
]

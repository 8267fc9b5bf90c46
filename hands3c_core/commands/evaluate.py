"""Measure an estimator on a dataset: the paper's metrics, a report, files for the benchmarks."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Literal, get_args

import tyro
from rich.console import Console

from hands3c_core.atomic import check_place, write_atomically
from hands3c_core.command import parse_arguments, progress_bar
from hands3c_core.data import open_data
from hands3c_core.errors import UserError
from hands3c_core.estimators.choose import make_estimator, resolve
from hands3c_core.evaluation import (
    PUBLISHED,
    EstimatorPredictor,
    Evaluation,
    NetworkPredictor,
    Predictor,
    Silenced,
    comparison,
    evaluate,
    official_lines,
    silence_attention,
    with_rows,
    write_dexycb_results,
    write_report,
    write_submission,
)
from hands3c_core.geometry import CropRule
from hands3c_core.hand_model import load_hand_model
from hands3c_core.models import HandNetwork, load_weights
from hands3c_core.weights import LANDMARKS


@dataclass(frozen=True)
class Options:
    """Measure an estimator on a dataset: metrics, a report, files for the benchmarks."""

    data: str
    """What to measure on: NAME:PATH?option=value, for example freihand:FOLDER?split=eval or
    arrays:FILE.npz; see docs/datasets.md."""
    weights: Path | None = None
    """The network's weights: our .safetensors or a published snapshot_*.pth.tar."""
    estimator: str | None = None
    """What to measure as it runs live, each sample by itself: auto, landmarks, the name of shipped
    weights or a file of weights. 'network' measures --weights alone, on the crops as they are; it
    is meant where weights are given, otherwise the landmarks."""
    leave_out: Annotated[tuple[str, ...], tyro.conf.UseAppendAction] = ()
    """A witness that --estimator auto shall not listen to: detector, second or network; may be
    given several times."""
    no_attention: Silenced | None = None
    """Set the network's S3C update to zero, or what one of its branches adds (spatial, channel)."""
    hand_model: str | None = None
    """Hand model to pose instead of the one the weights were trained for (landmarks: hand_mid)."""
    protocol: str | None = None
    """Protocol instead of the dataset's own: freihand, ho3d, dexycb, dexycb_toolkit, rhd, stb."""
    json: Path | None = None
    """Write every figure to this JSON file."""
    report: Path | None = None
    """Write a report to this .html file, or the pictures of it to this .png file."""
    submission: Path | None = None
    """Write the benchmark's pred.json, or the zip of it, to this file (needs --benchmark); for
    dexycb the text file that its toolkit evaluates."""
    benchmark: Literal["freihand", "ho3d_v2", "ho3d_v3", "dexycb"] | None = None
    """Which benchmark the submission is for."""
    published: Path | None = None
    """More published figures for the comparison, a JSON file (see docs/datasets.md)."""
    limit: int | None = None
    """Measure this many samples, spread evenly over the dataset."""
    refine: bool | None = None
    """Bring a network's poses to its heatmaps as the app does, and look closer where the hand is
    small in its crop; by default the small networks do, the published ones do not."""
    batch_size: int = 16
    """Crops per pass."""
    device: str = "cpu"
    """Where the network runs: cpu, cuda, cuda:1, ..."""


def parse(arguments: Sequence[str], program: str) -> Options:
    """``--no-attention`` alone means all of it."""
    given = list(arguments)
    kinds = get_args(Silenced)
    for place in range(len(given) - 1, -1, -1):
        if given[place] == "--no-attention" and given[place + 1 : place + 2] not in (
            [kind] for kind in kinds
        ):
            given.insert(place + 1, kinds[0])
    return parse_arguments(Options, given, prog=program)


def make_predictor(options: Options) -> Predictor:
    """The estimator that was asked for."""
    kind = options.estimator or ("network" if options.weights else "landmarks")
    if kind != "network":
        return _as_live(options, kind)
    if options.weights is None:
        raise UserError("--estimator network needs --weights FILE.")
    if options.leave_out:
        raise UserError("--leave-out is for --estimator auto.")
    model = load_weights(options.weights, hand=options.hand_model, device=options.device)
    if options.no_attention is not None:
        silence_attention(model, options.no_attention)
    return NetworkPredictor(model, options.refine)


def _as_live(options: Options, name: str) -> Predictor:
    if options.weights is not None:
        raise UserError(
            f"--weights is for --estimator network; to measure a file as it runs live, give "
            f"--estimator FILE instead of {name}."
        )
    silenced = options.no_attention

    def prepare(network: HandNetwork) -> None:
        if silenced is not None:
            silence_attention(network, silenced)

    if silenced is not None and resolve(name) == LANDMARKS:
        raise UserError(f"--no-attention is for networks: {name} has none.")
    estimator = make_estimator(
        name,
        load_hand_model(options.hand_model or "hand_mid"),
        device="cpu" if options.device == "cpu" else "auto",
        leave_out=options.leave_out,
        prepare=prepare,
    )
    return EstimatorPredictor(estimator)


def run(options: Options) -> None:
    """Open, measure, write."""
    check_place(options.json)
    check_place(options.report)
    check_place(options.submission)
    if (options.submission is None) != (options.benchmark is None):
        raise UserError("--submission FILE and --benchmark NAME go together.")
    rows = with_rows(options.published) if options.published else PUBLISHED
    predictor = make_predictor(options)
    rule: CropRule = getattr(predictor, "crop_rule", "box")
    dataset = open_data(options.data, crop_size=predictor.input_size, crop_rule=rule)
    with progress_bar(console=Console(stderr=True), transient=True) as progress:
        task = progress.add_task(predictor.name, total=None)
        outcome = evaluate(
            dataset,
            predictor,
            protocol=options.protocol,
            batch_size=options.batch_size,
            limit=options.limit,
            keep_vertices=options.submission is not None and options.benchmark != "dexycb",
            progress=lambda done, total: progress.update(task, completed=done, total=total),
        )
    report = outcome.report()
    print_summary(options, outcome, report)
    print(comparison(report, rows))
    if report["protocol"] == "ho3d":
        print("\n".join(["as HO-3D's script prints it:", *official_lines(report)]))
    if options.json is not None:
        facts = {
            "data": options.data,
            "weights": str(options.weights or ""),
            "leave_out": list(options.leave_out),
            "no_attention": options.no_attention,
        }
        write_atomically(options.json, json.dumps(facts | report, indent=1).encode())
        print(f"wrote {options.json}")
    if options.report is not None:
        write_report(outcome, dataset, options.report)
        print(f"wrote {options.report}")
    if options.submission is not None and options.benchmark is not None:
        if options.benchmark == "dexycb":
            filled = write_dexycb_results(outcome, dataset, options.submission)
        else:
            filled = write_submission(outcome, options.benchmark, options.submission)
        print(f"wrote {options.submission} ({filled} images without a hand filled in)")


def print_summary(options: Options, outcome: Evaluation, report: dict) -> None:
    """What was measured, and what was left out."""
    print(
        f"{report['estimator']} on {options.data}: {report['n']} measured, {report['n_failed']} "
        f"without a hand found, {report['n_skipped']} unreadable; {report['ms_per_crop']:.1f} ms "
        f"per crop"
    )
    for name, reason in list(outcome.skipped.items())[:5]:
        print(f"  skipped {name}: {reason}")
    if not outcome.is_metric:
        print("  labels have no true scale: figures in metres are left out")
    if report["joints_2d_box"] is not None:
        near = ", ".join(f"{100 * v:.1f} % at {t}" for t, v in report["pck_box"].items())
        share = 100 * report["joints_2d_box"]
        print(f"  2D: {report['joints_2d_px']:.1f} px of 256, {share:.1f} % of the hand's box")
        print(f"  PCK of that box: {near}")
    if report["mpjpe_mm_by"] is not None:
        parts = [(name, mm) for name, mm in report["mpjpe_mm_by"].items() if mm is not None]
        print("  MPJPE: " + ", ".join(f"{mm:.2f} mm ({name})" for name, mm in parts))
    if report["mrrpe_mm"] is not None:
        print(f"  MRRPE: {report['mrrpe_mm']:.2f} mm, {report['n_pairs']} images of two hands")
    if report["params"]:
        print(f"  {report['params'] / 1e6:.2f} M parameters, {report['flops'] / 1e9:.2f} GFLOP")

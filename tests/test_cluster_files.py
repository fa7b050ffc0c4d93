"""The manifest for Kubernetes and the script for Slurm in docs/cluster."""

import os
import re
import subprocess
from pathlib import Path

import pytest
import yaml

from rs_srgan.cli.main import full_parser

FOLDER = Path(__file__).parents[1] / "docs" / "cluster"
JOB = yaml.safe_load((FOLDER / "rayjob.yaml").read_text(encoding="utf-8"))

_TEXTS = {"type": "object", "additionalProperties": {"type": "string"}}
_GROUP = {
    "type": "object",
    "required": ["rayStartParams", "template"],
    "additionalProperties": False,
    "properties": {
        "rayStartParams": _TEXTS,
        "template": {"type": "object", "required": ["spec"]},
        "groupName": {"type": "string"},
        **{name: {"type": "integer", "minimum": 0} for name in ("replicas", "minReplicas", "maxReplicas")},
    },
}
# The fields that the job may use. Source: KubeRay API reference, ray.io/v1.
RAY_JOB = {
    "type": "object",
    "required": ["apiVersion", "kind", "metadata", "spec"],
    "additionalProperties": False,
    "properties": {
        "apiVersion": {"const": "ray.io/v1"},
        "kind": {"const": "RayJob"},
        "metadata": {"type": "object"},
        "spec": {
            "type": "object",
            "required": ["entrypoint", "rayClusterSpec"],
            "additionalProperties": False,
            "properties": {
                "entrypoint": {"type": "string"},
                "backoffLimit": {"type": "integer", "minimum": 0},
                "shutdownAfterJobFinishes": {"type": "boolean"},
                "ttlSecondsAfterFinished": {"type": "integer", "minimum": 0},
                "submissionMode": {"enum": ["K8sJobMode", "HTTPMode", "InteractiveMode", "SidecarMode"]},
                "rayClusterSpec": {
                    "type": "object",
                    "required": ["headGroupSpec"],
                    "additionalProperties": False,
                    "properties": {
                        "rayVersion": {"type": "string"},
                        "headGroupSpec": _GROUP,
                        "workerGroupSpecs": {"type": "array", "minItems": 1, "items": _GROUP},
                    },
                },
            },
        },
    },
}


def test_the_job_fits_the_schema_of_kuberay():
    pytest.importorskip("jsonschema").validate(JOB, RAY_JOB)


@pytest.mark.parametrize("group", ["head", "workers"])
def test_pods_fit_the_schema_of_kubernetes(group):
    """It needs the package kubernetes-validate, which no extra brings."""
    kubernetes_validate = pytest.importorskip("kubernetes_validate")
    cluster = JOB["spec"]["rayClusterSpec"]
    template = (cluster["headGroupSpec"] if group == "head" else cluster["workerGroupSpecs"][0])["template"]
    pod = {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": group}, "spec": template["spec"]}
    kubernetes_validate.validate(pod, "1.33", strict=True)


def test_volumes_that_are_mounted_exist_and_groups_can_grow():
    cluster = JOB["spec"]["rayClusterSpec"]
    for group in (cluster["headGroupSpec"], *cluster["workerGroupSpecs"]):
        spec = group["template"]["spec"]
        mounted = {mount["name"] for each in spec["containers"] for mount in each["volumeMounts"]}
        assert mounted == {volume["name"] for volume in spec["volumes"]}
    (workers,) = cluster["workerGroupSpecs"]
    assert workers["minReplicas"] <= workers["replicas"] <= workers["maxReplicas"]


def test_the_script_is_bash_and_both_call_batch_as_it_is():
    script = FOLDER / "slurm.sh"
    subprocess.run(["bash", "-n", script], check=True)
    commands = re.findall(r"rs-srgan (batch .*)", f"{JOB['spec']['entrypoint']}\n{script.read_text(encoding='utf-8')}")
    parser = full_parser()
    called = [line for line in commands if " -o " in line]
    assert len(called) == 2
    for line in called:
        words = [word.strip('"') for word in line.split() if word != '"$@"']
        assert parser.parse_args(words).command == "batch"


def test_all_processes_of_a_slurm_job_have_one_token(tmp_path):
    """Programs in place of Slurm's and Ray's, which need a cluster, write their name, their words and the token."""
    for name in ("scontrol", "srun", "ray", "rs-srgan"):
        program = tmp_path / name
        program.write_text(f'#!/bin/bash\necho "{name} $RAY_AUTH_MODE $RAY_AUTH_TOKEN" >> "{tmp_path}/calls"\n')
        program.chmod(0o755)
    paths = f"{tmp_path}{os.pathsep}{os.environ['PATH']}"
    job = {"PATH": paths, "SLURM_JOB_ID": "1", "SLURM_JOB_NODELIST": "a", "RAY_AUTH_TOKEN": "of-the-user"}
    subprocess.run(["bash", FOLDER / "slurm.sh", "list.csv", "out"], check=True, env=os.environ | job)
    calls = dict(line.split(" ", 1) for line in (tmp_path / "calls").read_text(encoding="utf-8").splitlines())
    assert set(calls) >= {"ray", "rs-srgan"}
    words = {calls[name] for name in ("ray", "rs-srgan")}
    assert len(words) == 1
    assert re.fullmatch(r"token [0-9a-f]{64}", words.pop())

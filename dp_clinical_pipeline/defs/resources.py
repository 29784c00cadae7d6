"""What steps ask for: the home, and the device of this deployment."""

import os
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import dagster as dg

from dp_clinical_pipeline.config import Compute, Settings, read_settings
from dp_clinical_pipeline.defs.partitions import settings_or_default
from dp_clinical_pipeline.errors import UserError
from dp_clinical_pipeline.home import Home, open_home

DEPLOYMENT_VARIABLE = "DP_CLINICAL_DEPLOYMENT"


@dataclass(frozen=True, kw_only=True)
class Deployment:
    """Where the code location runs. Empty fields mean what the home's settings say."""

    device: str = ""
    precision: str = ""
    gpu_pods: bool = False
    """Each torch step runs in a pod of its own with one GPU: needs dagster-k8s and its `k8s_job_executor`."""


DEPLOYMENTS = {
    "settings": Deployment(),
    "cpu": Deployment(device="cpu"),
    "cuda": Deployment(device="cuda"),
    "mps": Deployment(device="mps", precision="fp32"),
    "kubernetes-gpu": Deployment(device="cuda", gpu_pods=True),
}


def deployment() -> Deployment:
    """Return the deployment that DP_CLINICAL_DEPLOYMENT names.

    Raises:
        UserError: there is no deployment of that name.
    """
    name = os.environ.get(DEPLOYMENT_VARIABLE) or "settings"
    if name not in DEPLOYMENTS:
        raise UserError(f"{DEPLOYMENT_VARIABLE}={name[:40]!r} is not a deployment: use {', '.join(DEPLOYMENTS)}")
    return DEPLOYMENTS[name]


@dataclass(frozen=True)
class _HomeOn(Home):
    """A home whose steps compute where the deployment says, whatever the settings file says."""

    compute: Compute

    @cached_property
    def settings(self) -> Settings:
        return read_settings(self.settings_file).model_copy(update={"compute": self.compute})


class HomeResource(dg.ConfigurableResource):
    """The population's folder; empty means DP_CLINICAL_HOME, else the user-data folder."""

    path: str = ""

    def open(self) -> Home:
        """Return the home.

        Raises:
            UserError: no home lies there, or its settings are wrong.
        """
        return open_home(Path(self.path) if self.path else None)


class ComputeDevice(dg.ConfigurableResource):
    """Which device and precision torch runs on: auto, cpu, cuda, cuda:N, mps; auto, fp32, bf16. Empty: the settings."""

    device: str = ""
    precision: str = ""

    def claim(
        self, context: dg.AssetExecutionContext | dg.OpExecutionContext, home: Home
    ) -> tuple[Home, dict[str, Any]]:
        """Return the home bound to this deployment's device, and metadata that says which device and why.

        Raises:
            UserError: the device asked for is not there, or the name is not one.
        """
        from dp_clinical_pipeline.models.device import choose_device

        said = home.settings.compute
        compute = Compute.model_validate(
            {"device": self.device or said.device, "precision": self.precision or said.precision}
        )
        device = choose_device(compute)
        context.log.info(f"torch on {device.name} in {device.precision} ({device.reason})")
        about = {"device": device.name, "precision": device.precision, "device_reason": device.reason}
        return _HomeOn(home.path, compute), about


def resources() -> dict[str, Any]:
    """Return the resources of this deployment."""
    here = deployment()
    return {"home": HomeResource(), "compute": ComputeDevice(device=here.device, precision=here.precision)}


def _torch_pool() -> str:
    device = deployment().device or settings_or_default().compute.device
    return f"torch_{device.replace(':', '_')}"


# Two torch processes on one device are far slower than one after the other: a pool of one slot for each device.
TORCH_POOL = _torch_pool()

# Assets that rewrite a whole table from all that is there: the later of two runs must also be the later to write.
POPULATION_POOL = "population"

TORCH_TAGS: Mapping[str, Any] = (
    {"dagster-k8s/config": {"container_config": {"resources": {"limits": {"nvidia.com/gpu": "1"}}}}}
    if deployment().gpu_pods
    else {}
)

"""A second opinion on a training's epsilon: Opacus' privacy random variables, on a domain as wide as the loss is."""

import warnings
from typing import Any

import numpy as np

from dp_clinical_pipeline.privacy.renyi import REPORT_ORDERS, renyi


def prv_epsilon(noise_multiplier: float, sample_rate: float, steps: int, delta: float, near: float) -> float:
    """Return Opacus' PRV estimate; `near` is about what is expected, and sets the error (1 % at most, far less met)."""
    from opacus.accountants import PRVAccountant
    from opacus.accountants.analysis.prv import Domain

    class Accountant(PRVAccountant):
        """Opacus takes 3 as the least half width of the domain: at epsilon 0.005 a minute, and wrong digits."""

        def _get_domain(self, prvs: Any, num_self_compositions: Any, eps_error: float, delta_error: float) -> Any:
            width = _half_width(noise_multiplier, sample_rate, steps, delta_error) + eps_error
            mesh = eps_error / np.sqrt(steps * np.log(12 / delta_error) / 2)
            return Domain.create_aligned(-width, width, mesh)

    accountant = Accountant()
    accountant.history = [(noise_multiplier, sample_rate, steps)]
    with warnings.catch_warnings(), np.errstate(all="ignore"):
        warnings.simplefilter("ignore")
        discrete: Any = accountant._get_dprv(eps_error=near / 100, delta_error=delta / 1000)
        _, estimate, _ = discrete.compute_epsilon(delta, delta / 1000, near / 100)
    return float(estimate)


def _half_width(noise_multiplier: float, sample_rate: float, steps: int, tail: float) -> float:
    """Return a loss that neither one step nor all of them pass with more than `tail`, by Chernoff at every order."""
    import dp_accounting as dpa

    step = dpa.PoissonSampledDpEvent(sample_rate, dpa.GaussianDpEvent(noise_multiplier))
    orders = np.asarray(REPORT_ORDERS, dtype=np.float64)
    divergence = renyi(step, REPORT_ORDERS)
    together = np.min(steps * divergence + np.log(4 / tail) / (orders - 1))
    alone = np.min(divergence + np.log(8 * steps / tail) / (orders - 1))
    return float(max(together, alone))

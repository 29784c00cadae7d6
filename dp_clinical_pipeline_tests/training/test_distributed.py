"""Two gloo processes are one training: each patient once, noise once, the same weights in both and as in one process."""

import json
import os
import socket
import subprocess
import sys

import pytest
import torch
from scipy import stats

from dp_clinical_pipeline.errors import UserError
from dp_clinical_pipeline.models.adapters import cell_adapter
from dp_clinical_pipeline.models.device import Device
from dp_clinical_pipeline.privacy.ledger import open_ledger
from dp_clinical_pipeline.store import Store
from dp_clinical_pipeline.tables import GENERATOR_ADAPTER
from dp_clinical_pipeline.training.cell import assist_cell
from dp_clinical_pipeline.training.distributed import World, joined
from dp_clinical_pipeline.training.generator import generator_recipe, train_generator
from dp_clinical_pipeline.training.loop import train
from dp_clinical_pipeline_tests.training import ranks
from dp_clinical_pipeline_tests.training.built import distance
from dp_clinical_pipeline_tests.training.tiny import lora, losses, people, spec, tiny_home

UNLIKELY = 1e-6
BOTH = 2


def _environment(rank: int, port: int) -> dict[str, str]:
    place = {"RANK": rank, "LOCAL_RANK": rank, "WORLD_SIZE": BOTH, "MASTER_ADDR": "127.0.0.1", "MASTER_PORT": port}
    return os.environ | {key: str(value) for key, value in place.items()} | {"OMP_NUM_THREADS": "1"}


def _free_port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return int(free.getsockname()[1])


@pytest.fixture(scope="module")
def together(tiny_models, tmp_path_factory):
    out, port = tmp_path_factory.mktemp("ranks"), _free_port()
    command = [sys.executable, ranks.__file__, str(tiny_models["llama"]), str(out)]
    started = [
        subprocess.Popen(command, env=_environment(rank, port), stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
        for rank in range(BOTH)
    ]
    for process in started:
        _, errors = process.communicate(timeout=600)
        assert process.returncode == 0, errors.decode()[-2000:]
    return [torch.load(out / f"{rank}.pt", weights_only=True) for rank in range(BOTH)]


@pytest.fixture(scope="module")
def alone(tiny_models, tmp_path_factory):
    torch.set_num_threads(1)
    return ranks.runs(tiny_models["llama"], tmp_path_factory.mktemp("alone"), World())


@pytest.mark.parametrize("run", ranks.RUNS)
def test_both_processes_end_with_the_weights_of_one(together, alone, run):
    first, second = (found[f"{run}.weights"] for found in together)
    assert torch.equal(first, second)
    assert torch.equal(together[0][f"{run}.sums"], together[1][f"{run}.sums"])
    # Not the weights: Adam makes a whole step of the rounding of a coordinate whose gradient is nothing.
    assert distance([together[0][f"{run}.sums"]], [alone[f"{run}.sums"]]) < 1e-5
    assert distance([first], [alone[f"{run}.weights"]]) < 1e-4


def test_noise_is_added_once_in_total(together):
    draws = together[0]["noise.sums"].double().flatten() / (1.5 * 0.4)
    low, high = stats.chi2(len(draws)).ppf([UNLIKELY / 2, 1 - UNLIKELY / 2])
    assert low < float(draws @ draws) < high


def test_each_patient_counts_once(together):
    """A patient's coordinate of the sum is the bound when they are in, and never twice that."""
    inside = together[0]["sampling.sums"]
    assert float((inside - inside.round()).abs().max()) < 0.01
    assert set(inside.round().unique().tolist()) == {0.0, 1.0}
    low, high = stats.binom(inside.numel(), 0.3).ppf([UNLIKELY / 2, 1 - UNLIKELY / 2])
    assert low < float(inside.round().sum()) < high


def test_a_lot_is_dealt_out_without_loss_or_repeat():
    lot = [(i, [0]) for i in range(11)]
    dealt = [World(rank=rank, size=3).mine(lot) for rank in range(3)]
    assert sorted(part for parts in dealt for part in parts) == lot


def test_on_cuda_each_process_has_a_gpu_of_its_own():
    gpu = Device(kind="cuda", index=0, precision="bf16", reason="test")
    assert World(rank=3, size=4, local_rank=1).own(gpu).name == "cuda:1"
    assert World().own(gpu).name == "cuda:0"


class Sent(Exception):
    """Where what a collective was given lies."""


@pytest.fixture
def launched(monkeypatch):
    """The second of two processes as torchrun starts it, where nothing is joined for real; gives what was called."""
    calls = []
    for name, value in (("WORLD_SIZE", "4"), ("RANK", "3"), ("LOCAL_RANK", "1")):
        monkeypatch.setenv(name, value)
    monkeypatch.setattr(torch.cuda, "device_count", lambda: 2)
    monkeypatch.setattr(torch.cuda, "set_device", lambda device: calls.append(("set_device", str(device))))
    monkeypatch.setattr(
        torch.distributed, "init_process_group",
        lambda backend, device_id=None: calls.append((backend, device_id and str(device_id))),
    )  # fmt: skip
    monkeypatch.setattr(torch.distributed, "get_rank", lambda: 3)
    monkeypatch.setattr(torch.distributed, "destroy_process_group", lambda: calls.append("left"))
    return calls


@pytest.mark.parametrize(
    ("kind", "called", "device"),
    [
        ("cuda", [("set_device", "cuda:1"), ("nccl", "cuda:1"), "left"], "cuda:1"),
        ("cpu", [("gloo", None), "left"], "cpu"),
        ("mps", [("gloo", None), "left"], "cpu"),
    ],
)
def test_the_device_decides_the_backend_and_each_process_takes_its_own_gpu_first(launched, kind, called, device):
    with joined(kind) as world:
        assert world == World(rank=3, size=4, local_rank=1, device=device)
        assert "left" not in launched
    assert launched == called


def test_more_processes_than_gpus_are_refused_before_they_join(launched, monkeypatch):
    monkeypatch.setattr(torch.cuda, "device_count", lambda: 1)
    with pytest.raises(UserError, match="process 1 has no GPU of its own, torch sees 1"), joined("cuda"):
        pass
    assert launched == []


def test_without_torchrun_nothing_is_joined(launched, monkeypatch):
    monkeypatch.delenv("WORLD_SIZE")
    with joined("cuda") as world:
        assert world == World()
    assert launched == []


@pytest.mark.parametrize(
    ("collective", "use"),
    [
        ("all_reduce", lambda world: world.add_up([torch.ones(2), torch.ones(3)])),
        ("broadcast", lambda world: world.align([torch.nn.Parameter(torch.ones(2))])),
        ("broadcast_object_list", lambda world: world.shared("x")),
    ],
)
def test_what_is_sent_lies_where_the_backend_reads_it(monkeypatch, collective, use):
    """On `meta`, the device that needs no hardware."""

    def sent(tensor, src=0, device=None):
        raise Sent(str(device or tensor.device))

    monkeypatch.setattr(torch.distributed, collective, sent)
    with pytest.raises(Sent, match=r"^meta$"):
        use(World(rank=1, size=2, device="meta"))


def test_processes_that_read_different_patients_are_refused(tiny_models):
    class Other(World):
        def shared(self, value):
            return (0, "what the first process read")

    with pytest.raises(UserError, match="read different patients or checkpoints"):
        train(lora(tiny_models["llama"]), people(2), spec(), losses, world=Other(rank=1, size=2))


@pytest.fixture
def home(tmp_path, tiny_models):
    return tiny_home(tmp_path, tiny_models["llama"])


def test_torchrun_trains_a_cell_under_one_mechanism(home):
    command = [
        sys.executable, "-m", "torch.distributed.run", "--nproc-per-node", str(BOTH), "--master-addr", "127.0.0.1",
        "--master-port", str(_free_port()), "-m", "dp_clinical_pipeline.training.several", str(home.path), "tiny", "eps-8",
    ]  # fmt: skip
    done = subprocess.run(
        command, check=False, capture_output=True, text=True, env=os.environ | {"OMP_NUM_THREADS": "1"}
    )
    assert done.returncode == 0, done.stderr[-2000:]
    assert "tiny|eps-8: trained by 2 processes, 4 steps" in done.stdout
    assert [row.state for row in open_ledger(home).rows()] == ["declared", "reserved", "running", "done"]
    row = Store(home).read(GENERATOR_ADAPTER, "tiny", "eps-8", budget="eps-8").row(0, named=True)
    manifest = json.loads((cell_adapter(home, row) / "manifest.json").read_text())
    assert manifest["steps"] == 4
    assert list((home.enclave / "checkpoints").iterdir()) == []


def test_a_cell_that_is_kept_lets_the_other_processes_go(home):
    class Told(World):
        def shared(self, value):
            said.append(value)

    said = []
    train_generator(home, "tiny", "eps-8")
    assert train_generator(home, "tiny", "eps-8", world=Told(size=2)).reused
    assist_cell(home, generator_recipe(home), "tiny", Told(rank=1, size=2))
    assert said == [None, None]

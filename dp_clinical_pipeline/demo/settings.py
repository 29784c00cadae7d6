"""The made-up hospital's settings: small enough for two cores and a quarter of an hour."""

from dp_clinical_pipeline.config import (
    ClassifierTraining,
    Corpus,
    Evaluation,
    Generation,
    Privacy,
    Retraining,
    Settings,
    Training,
)

PATIENTS = 800


def demo_settings() -> Settings:
    """Return the settings of the demo's home: one private cell beside the non-private one, one classifier of private
    text, two planned retrainings."""
    return Settings(
        kind="demo",
        corpus=Corpus(format="table", label_set="chexpert14"),
        classifier_budgets=["eps-8"],
        privacy=Privacy(cap_epsilon=16.0, retraining=Retraining(budget="eps-1", runs=2)),
        training=Training(lot_size=20, steps=14, max_tokens=96, learning_rate=2e-3, nonprivate_learning_rate=2e-3),
        classifier_training=ClassifierTraining(lot_size=128, steps=20, max_tokens=96, encoder_notes=0),
        generation=Generation(accepted=200, max_new_tokens=64, guidance=1.0),  # guidance would take minutes more
        evaluation=Evaluation(bootstrap=500, attack_patients=40),
    )

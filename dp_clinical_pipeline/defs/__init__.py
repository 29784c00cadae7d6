"""Everything that knows Dagster: thin bodies around the library, a file a stage in lineage order."""

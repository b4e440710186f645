"""What scores and embeddings say: Venn, correlation, figures, report."""

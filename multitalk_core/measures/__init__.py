"""The paper's own measures (4.1, A.1), as the references do: FID, FVD, E-FID, Sync-C and Sync-D."""

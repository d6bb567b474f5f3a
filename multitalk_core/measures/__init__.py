"""The paper's own measures (4.1, A.1), computed as their references do: FID, FVD, E-FID, Sync-C and Sync-D."""

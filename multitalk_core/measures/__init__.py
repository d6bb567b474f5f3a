"""The paper's own measures (4.1, A.1): FID, FVD, E-FID, Sync-C and Sync-D, exactly as their references compute them."""

"""The Triton kernels; nothing else imports Triton."""

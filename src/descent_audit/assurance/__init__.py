"""Who audits the audit: verify, integrity, calibration, stability."""
